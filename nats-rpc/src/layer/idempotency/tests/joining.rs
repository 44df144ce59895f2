//! Repeats that come while the first attempt runs in this process.

use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};

use super::scene::{Runs, after, pay, run_of, said, send, within};
use crate::layer::idempotency::{IdempotencyLayer, MemoryStore};
use crate::raw::Body;
use crate::status::{Code, Reason, Status};

const SECOND: Duration = Duration::from_secs(1);

fn layer() -> IdempotencyLayer {
    IdempotencyLayer::new(MemoryStore::new())
}

#[tokio::test(start_paused = true)]
async fn all_get_the_result_of_one_run() {
    let runs = Runs::default();
    let instance = runs.instance(&layer(), after(SECOND));
    let attempts: Vec<_> = (0..5).map(|_| tokio::spawn(send(&instance, pay(7)))).collect();
    let other = tokio::spawn(send(&instance, pay(8)));
    let begin = Instant::now();
    let first = run_of(attempts.into_iter().next().unwrap().await.unwrap());
    assert_eq!(begin.elapsed(), SECOND);
    assert_ne!(run_of(other.await.unwrap()), first);
    assert_eq!(run_of(send(&instance, pay(7)).await), first);
    assert_eq!(runs.count(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_run_goes_on_without_its_first_caller() {
    let runs = Runs::default();
    let instance = runs.instance(&layer(), after(SECOND));
    let mut first = Box::pin(send(&instance, pay(7)));
    assert!(timeout(SECOND / 2, &mut first).await.is_err());
    let second = tokio::spawn(send(&instance, pay(7)));
    tokio::task::yield_now().await;
    drop(first);
    let begin = Instant::now();
    assert_eq!(run_of(second.await.unwrap()), 1);
    assert_eq!(begin.elapsed(), SECOND / 2);
    assert_eq!(runs.count(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_nobody_waits_for_is_dropped_and_leaves_the_call_free() {
    let runs = Runs::default();
    let instance = runs.instance(&layer(), after(SECOND));
    let (mut first, mut second) = (Box::pin(send(&instance, pay(7))), Box::pin(send(&instance, pay(7))));
    assert!(timeout(SECOND / 2, futures_util::future::join(&mut first, &mut second)).await.is_err());
    drop((first, second));
    let begin = Instant::now();
    assert_eq!(run_of(send(&instance, pay(7)).await), 2);
    // It had to wait until the first was off the list, and for no lease.
    assert!(begin.elapsed() < SECOND + SECOND / 10, "{:?}", begin.elapsed());
}

#[tokio::test(start_paused = true)]
async fn who_has_time_left_does_not_share_the_end_of_the_first() {
    let runs = Runs::default();
    let instance = runs.instance(&layer(), |run| {
        Box::pin(async move {
            sleep(SECOND).await;
            if run == 1 { Err(Status::deadline_exceeded("the first's")) } else { said(run) }
        })
    });
    let first = tokio::spawn(send(&instance, within(pay(7), SECOND)));
    tokio::task::yield_now().await;
    let hasty = tokio::spawn(send(&instance, within(pay(7), SECOND / 2)));
    let second = tokio::spawn(send(&instance, within(pay(7), SECOND * 3)));
    let begin = Instant::now();
    let status = hasty.await.unwrap().unwrap_err();
    assert_eq!((status.code(), status.reason()), (Code::DeadlineExceeded, Some(Reason::Deadline)));
    assert_eq!(begin.elapsed(), SECOND / 2);
    assert_eq!(first.await.unwrap().unwrap_err().code(), Code::DeadlineExceeded);
    assert_eq!(run_of(second.await.unwrap()), 2);
    assert_eq!(runs.count(), 2);
}

#[tokio::test(start_paused = true)]
async fn another_request_does_not_join() {
    let runs = Runs::default();
    let instance = runs.instance(&layer(), after(SECOND));
    let first = tokio::spawn(send(&instance, pay(7)));
    tokio::task::yield_now().await;
    let forged = send(&instance, pay(7).with_body(Body::Unary("100 to Eve".into()))).await;
    assert_eq!(forged.unwrap_err().reason(), Some(Reason::Protocol));
    assert_eq!(run_of(first.await.unwrap()), 1);
    assert_eq!(runs.count(), 1);
}

#[tokio::test(start_paused = true)]
async fn all_share_a_failure_and_the_next_runs() {
    let runs = Runs::default();
    let instance = runs.instance(&layer(), |run| {
        Box::pin(async move {
            sleep(SECOND).await;
            if run == 1 { Err(Status::unavailable("later")) } else { said(run) }
        })
    });
    let attempts: Vec<_> = (0..3).map(|_| tokio::spawn(send(&instance, pay(7)))).collect();
    for attempt in attempts {
        assert_eq!(attempt.await.unwrap().unwrap_err().code(), Code::Unavailable);
    }
    assert_eq!(run_of(send(&instance, pay(7)).await), 2);
}
