//! Calls without a pause, counted.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::Instant;

use crate::greeter::{GreeterClient, HelloRequest};

#[derive(Default)]
struct Counts {
    calls: AtomicU64,
    failed: AtomicU64,
}

/// Keeps `concurrency` calls in flight for so many seconds.
pub(crate) async fn run(greeter: &GreeterClient, concurrency: u64, seconds: u64) {
    let counts = Arc::new(Counts::default());
    let end = Instant::now() + Duration::from_secs(seconds);
    let callers: Vec<_> =
        (0..concurrency).map(|_| tokio::spawn(call(greeter.clone(), Arc::clone(&counts), end))).collect();
    let (mut calls, mut failed) = (0, 0);
    for second in 1..=seconds {
        tokio::time::sleep(Duration::from_secs(1)).await;
        let now = (counts.calls.load(Ordering::Relaxed), counts.failed.load(Ordering::Relaxed));
        println!("second {second}: calls={} failed={}", now.0 - calls, now.1 - failed);
        (calls, failed) = now;
    }
    for caller in callers {
        if let Err(error) = caller.await {
            println!("a caller ended early: {error}");
            counts.failed.fetch_add(1, Ordering::Relaxed);
        }
    }
    let (calls, failed) = (&counts.calls, &counts.failed);
    println!("total calls={} failed={}", calls.load(Ordering::Relaxed), failed.load(Ordering::Relaxed));
}

async fn call(greeter: GreeterClient, counts: Arc<Counts>, end: Instant) {
    while Instant::now() < end {
        let outcome = greeter.say_hello(HelloRequest { name: "load".to_owned() }).await;
        counts.calls.fetch_add(1, Ordering::Relaxed);
        if let Err(status) = outcome {
            eprintln!("{status}");
            counts.failed.fetch_add(1, Ordering::Relaxed);
        }
    }
}
