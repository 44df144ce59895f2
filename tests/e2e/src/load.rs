use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use nats_rpc::{Code, Status};
use tokio::task::JoinSet;

use crate::proto::{FeedClient, Piece};
use crate::{Flow, FlowKind, LONG, Pace, say};

/// What a call may take, however much goes wrong meanwhile.
const LONGEST: Duration = LONG;

/// Calls of all kinds, one after the other in each of several tasks, until they are told to stop. A wrong result is said
/// on standard output at once.
#[derive(Debug)]
pub struct Load {
    stop: Arc<AtomicBool>,
    book: Arc<Book>,
    tasks: JoinSet<()>,
}

/// How the calls ended.
#[derive(Debug, Default)]
struct Book {
    /// By kind: how many went well, and how many did not.
    ended: Mutex<BTreeMap<&'static str, (usize, usize)>>,
    /// What must not be.
    wrong: Mutex<Vec<String>>,
    longest: Mutex<Duration>,
}

impl Load {
    /// Starts so many tasks.
    #[must_use]
    pub fn start(client: &FeedClient, tasks: usize) -> Self {
        let (stop, book) = (Arc::<AtomicBool>::default(), Arc::<Book>::default());
        let run = |first| {
            let (client, stop, book) = (client.clone(), Arc::clone(&stop), Arc::clone(&book));
            async move {
                // Each begins with another kind.
                for number in first.. {
                    if stop.load(Ordering::Relaxed) {
                        break;
                    }
                    book.record(number, &client).await;
                }
            }
        };
        let tasks = (0..tasks).map(run).collect();
        Self { stop, book, tasks }
    }

    /// Lets the calls end that are under way. Prints how they have gone, and returns how many went well.
    ///
    /// # Panics
    /// When one had a wrong result, or took too long.
    pub async fn stop(mut self, name: &str) -> usize {
        self.stop.store(true, Ordering::Relaxed);
        while let Some(ended) = self.tasks.join_next().await {
            ended.unwrap();
        }
        let ended = self.book.ended.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let longest = *self.book.longest.lock().unwrap_or_else(PoisonError::into_inner);
        println!("{name}: calls that went well, and that failed: {ended:?}; the longest took {longest:?}");
        let wrong = self.book.wrong.lock().unwrap_or_else(PoisonError::into_inner).clone();
        assert_eq!(wrong, Vec::<String>::new(), "{name}");
        ended.values().map(|(well, _)| well).sum()
    }

    /// Goes on until the process ends.
    pub async fn run_for_ever(mut self) {
        while self.tasks.join_next().await.is_some() {}
    }
}

impl Book {
    async fn record(&self, number: usize, client: &FeedClient) {
        let begin = Instant::now();
        let (kind, call) = call(number, client);
        let outcome = tokio::time::timeout(LONGEST, call).await;
        let took = begin.elapsed();
        let note = |outcome: &str| {
            let line = format!("{kind} after {took:?}: {outcome}");
            say(&format!("wrong {line}"));
            self.wrong.lock().unwrap_or_else(PoisonError::into_inner).push(line);
        };
        let well = match outcome {
            Ok(Ok(())) => true,
            Ok(Err(status)) => {
                if status.code() != Code::Unavailable {
                    note(&status.to_string());
                }
                // Whoever is not connected fails at once, again and again.
                tokio::time::sleep(Duration::from_millis(10)).await;
                false
            }
            Err(_) => {
                note("it hangs");
                false
            }
        };
        let mut ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        let counts = ended.entry(kind).or_default();
        if well {
            counts.0 += 1;
        } else {
            counts.1 += 1;
        }
        let mut longest = self.longest.lock().unwrap_or_else(PoisonError::into_inner);
        *longest = took.max(*longest);
    }
}

type Calling = std::pin::Pin<Box<dyn Future<Output = Result<(), Status>> + Send>>;

fn call(number: usize, client: &FeedClient) -> (&'static str, Calling) {
    let flow = |kind, pace| -> Calling {
        let mut flow = Flow::open(client, kind, pace);
        Box::pin(async move { flow.end().await })
    };
    let echo = |length| -> Calling {
        let (client, number) = (client.clone(), number as u64);
        Box::pin(async move {
            let given = client.echo(Piece::new(number, length)).timeout(LONGEST * 2).await?;
            given.into_inner().check(number)
        })
    };
    let slowly = Pace { pause: Duration::from_millis(5), ..Pace::of(40, 2_000) };
    match number % 10 {
        0 => ("watch", flow(FlowKind::Watch, slowly)),
        1 => ("upload", flow(FlowKind::Upload, slowly)),
        2 => ("chat", flow(FlowKind::Chat, slowly)),
        3 => ("large echo", echo(2_500_000)),
        4 => ("large watch", flow(FlowKind::Watch, Pace::of(2, 2_000_000))),
        5 => ("large upload", flow(FlowKind::Upload, Pace::of(3, 1_000_000))),
        6 => ("fast chat", flow(FlowKind::Chat, Pace::of(100, 3_000))),
        7 => ("fast watch", flow(FlowKind::Watch, Pace::of(300, 1_000))),
        _ => ("echo", echo(1_000)),
    }
}
