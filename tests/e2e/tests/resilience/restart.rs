//! A nats-server that dies under calls and comes back.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use e2e::{Count, ProbeClient, Question, World, answer, on_both, probe, question, until};
use nats_rpc::server::Handle;
use nats_rpc::{Code, Server};
use tokio::task::JoinSet;

on_both! { what_its_caller_has_given_up_is_never_executed_afterwards }

const INSTANCES: usize = 3;
const CALLERS: usize = 20;

/// What was seen of each call, by its number.
#[derive(Debug, Default)]
struct Record {
    /// When handlers began.
    begun: Vec<Instant>,
    /// When the caller knew, and whether that was an answer.
    ended: Option<(Instant, bool)>,
    repeatable: bool,
}

#[derive(Debug, Clone, Default)]
struct Book(Arc<Mutex<HashMap<i64, Record>>>);

impl Book {
    fn note(&self, number: i64, what: impl FnOnce(&mut Record)) {
        what(self.0.lock().unwrap().entry(number).or_default());
    }
}

async fn serve(world: &World, book: &Book) -> Vec<Handle> {
    let mut servers = Vec::new();
    for _ in 0..INSTANCES {
        let book = book.clone();
        let probe = probe(move |request| {
            let number = request.get_ref().big_number;
            book.note(number, |record| record.begun.push(Instant::now()));
            async move {
                tokio::time::sleep(Duration::from_millis(5)).await;
                Ok(answer(""))
            }
        });
        servers.push(Server::builder().add_service(probe).start(world.connect().await).await.unwrap());
    }
    servers
}

/// Makes calls until it is told to stop, every second of them one that may be repeated.
#[derive(Clone)]
struct Callers {
    book: Book,
    client: ProbeClient,
    next: Arc<AtomicI64>,
    stop: Arc<AtomicBool>,
    answered: Count,
    failed: Count,
}

impl Callers {
    async fn run(self) {
        while !self.stop.load(Ordering::Relaxed) {
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            let asked = Question { big_number: number, ..question("") };
            let repeatable = number % 2 == 0;
            let call = async {
                if repeatable { self.client.ask_again(asked).await } else { self.client.ask(asked).await }
            };
            let outcome = call.await;
            self.book.note(number, |record| {
                record.ended = Some((Instant::now(), outcome.is_ok()));
                record.repeatable = repeatable;
            });
            match outcome {
                Ok(_) => self.answered.add(),
                Err(status) => {
                    assert_eq!(status.code(), Code::Unavailable, "{status}");
                    self.failed.add();
                    // Who is not connected is told so at once.
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
            }
        }
    }
}

async fn what_its_caller_has_given_up_is_never_executed_afterwards(mut world: World) {
    let book = Book::default();
    let servers = serve(&world, &book).await;
    let callers = Callers {
        book: book.clone(),
        client: world.client().await,
        next: Arc::default(),
        stop: Arc::default(),
        answered: Count::new(),
        failed: Count::new(),
    };
    let mut tasks: JoinSet<()> = (0..CALLERS).map(|_| callers.clone().run()).collect();
    let mut restored = Vec::new();
    for _ in 0..3 {
        callers.answered.reach(callers.answered.get() + 200).await;
        world.cut();
        callers.failed.reach(callers.failed.get() + 100).await;
        restored.push(Instant::now());
        world.restore();
    }
    callers.answered.reach(callers.answered.get() + 200).await;
    callers.stop.store(true, Ordering::Relaxed);
    while let Some(ended) = tasks.join_next().await {
        ended.unwrap();
    }
    until("no handler runs", || servers.iter().all(|server| server.stats().running == 0)).await;

    let records = book.0.lock().unwrap();
    println!("{} calls, {} answered, {} failed", records.len(), callers.answered.get(), callers.failed.get());
    for (number, record) in records.iter() {
        let (ended, answered) = record.ended.expect("every call has ended");
        assert!(!answered || !record.begun.is_empty(), "{number} was answered by nobody");
        assert!(record.repeatable || record.begun.len() <= 1, "{number} was executed twice: {record:?}");
        if !answered {
            // What was on its way when the nats-server died may still arrive; what it has not had, may not.
            let back = restored.iter().find(|back| **back > ended);
            let late = record.begun.iter().any(|begun| back.is_some_and(|back| begun > back));
            assert!(!late, "{number} was given up, and executed later: {record:?}");
        }
    }
}
