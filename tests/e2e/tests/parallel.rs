//! Handlers that run at the same time.

use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use e2e::{Count, LONG, World, answer, on_both, question};
use futures_util::future::join_all;
use tokio::sync::Barrier;

/// Where threads wait for one another, but not for ever.
#[derive(Default)]
struct Meeting {
    arrived: Mutex<usize>,
    changed: Condvar,
}

impl Meeting {
    fn met(&self, wanted: usize) -> bool {
        let mut arrived = self.arrived.lock().unwrap();
        *arrived += 1;
        self.changed.notify_all();
        let (_guard, waited) =
            self.changed.wait_timeout_while(arrived, LONG / 2, |arrived| *arrived < wanted).unwrap();
        !waited.timed_out()
    }
}

on_both! {
    busy_handlers_run_on_several_threads,
    sleeping_handlers_overlap,
}

async fn busy_handlers_run_on_several_threads(world: World) {
    let meeting = Arc::new(Meeting::default());
    let (client, _server) = world
        .start(move |request| {
            let meeting = Arc::clone(&meeting);
            async move {
                if request.get_ref().text == "burn" {
                    std::thread::sleep(Duration::from_millis(1));
                    return Ok(answer("burnt"));
                }
                // Both block their threads here, so it takes two.
                Ok(answer(if meeting.met(2) { "met" } else { "alone" }))
            }
        })
        .await;
    // One that took long may only have lost its processor for a moment.
    for _ in 0..2 {
        client.ask(question("burn")).await.unwrap();
    }
    let (a, b) =
        tokio::join!(client.ask(question("meet")).timeout(LONG), client.ask(question("meet")).timeout(LONG));
    assert_eq!(a.unwrap().into_inner().text, "met");
    assert_eq!(b.unwrap().into_inner().text, "met");
}

async fn sleeping_handlers_overlap(world: World) {
    const CALLS: usize = 200;
    let (barrier, started, ended) = (Arc::new(Barrier::new(CALLS)), Count::new(), Count::new());
    let (counted, finished) = (started.clone(), ended.clone());
    let (client, _server) = world
        .start(move |_| {
            let (barrier, started, ended) = (Arc::clone(&barrier), counted.clone(), finished.clone());
            async move {
                started.add();
                barrier.wait().await;
                assert_eq!(started.get(), CALLS);
                ended.add();
                Ok(answer("all here"))
            }
        })
        .await;
    for given in join_all((0..CALLS).map(|_| client.ask(question("")).timeout(LONG))).await {
        assert_eq!(given.unwrap().into_inner().text, "all here");
    }
    assert_eq!(ended.get(), CALLS);
}
