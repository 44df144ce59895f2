//! Several instances with one store.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};

use super::scene::{Instance, Runs, after, pay, run_of, said, send, within};
use crate::layer::idempotency::identity::Identity;
use crate::layer::idempotency::record::Record;
use crate::layer::idempotency::{IdempotencyLayer, MemoryStore, Store};
use crate::raw::Body;
use crate::status::{Code, Reason, Status};

const SECOND: Duration = Duration::from_secs(1);
const LEASE: Duration = Duration::from_secs(5);
const GLANCE: Duration = Duration::from_millis(250);

fn pair(runs: &Runs) -> (Instance, Instance) {
    let store = Arc::new(MemoryStore::new());
    let instance = || runs.instance(&IdempotencyLayer::new(Arc::clone(&store)), after(SECOND));
    (instance(), instance())
}

#[tokio::test(start_paused = true)]
async fn a_repeat_elsewhere_gets_the_first_reply() {
    let runs = Runs::default();
    let (one, other) = pair(&runs);
    assert_eq!(run_of(send(&one, pay(7)).await), 1);
    assert_eq!(run_of(send(&other, pay(7)).await), 1);
    let forged = send(&other, pay(7).with_body(Body::Unary("100 to Eve".into()))).await;
    assert_eq!(forged.unwrap_err().reason(), Some(Reason::Protocol));
    assert_eq!(runs.count(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_repeat_elsewhere_waits_for_the_first() {
    let runs = Runs::default();
    let (one, other) = pair(&runs);
    let first = tokio::spawn(send(&one, pay(7)));
    tokio::task::yield_now().await;
    let begin = Instant::now();
    assert_eq!(run_of(send(&other, pay(7)).await), 1);
    assert!(begin.elapsed() <= SECOND + GLANCE, "{:?}", begin.elapsed());
    assert_eq!(run_of(first.await.unwrap()), 1);
    assert_eq!(runs.count(), 1);
}

#[tokio::test(start_paused = true)]
async fn it_waits_no_longer_than_its_own_deadline() {
    let runs = Runs::default();
    let (one, other) = pair(&runs);
    let first = tokio::spawn(send(&one, pay(7)));
    tokio::task::yield_now().await;
    let begin = Instant::now();
    let status = send(&other, within(pay(7), SECOND / 2)).await.unwrap_err();
    assert_eq!(status.code(), Code::DeadlineExceeded);
    assert_eq!(begin.elapsed(), SECOND / 2);
    assert_eq!(run_of(first.await.unwrap()), 1);
    assert_eq!(runs.count(), 1);
}

#[tokio::test(start_paused = true)]
async fn it_runs_when_the_first_was_given_up_or_failed() {
    let runs = Runs::default();
    let (one, other) = pair(&runs);
    let mut first = Box::pin(send(&one, pay(7)));
    assert!(timeout(SECOND / 2, &mut first).await.is_err());
    let second = tokio::spawn(send(&other, pay(7)));
    sleep(SECOND / 10).await;
    drop(first);
    let begin = Instant::now();
    assert_eq!(run_of(second.await.unwrap()), 2);
    assert!(begin.elapsed() <= SECOND + GLANCE, "{:?}", begin.elapsed());

    let store = Arc::new(MemoryStore::new());
    let failing = runs.instance(&IdempotencyLayer::new(Arc::clone(&store)), |_| {
        Box::pin(async { Err(Status::unavailable("later")) })
    });
    let other = runs.instance(&IdempotencyLayer::new(store), |run| Box::pin(async move { said(run) }));
    assert_eq!(send(&failing, pay(7)).await.unwrap_err().code(), Code::Unavailable);
    assert_eq!(run_of(send(&other, pay(7)).await), 4);
}

#[tokio::test(start_paused = true)]
async fn a_call_of_a_dead_instance_runs_again_after_its_lease() {
    let runs = Runs::default();
    let store = Arc::new(MemoryStore::new());
    let call = pay(7);
    let identity = Identity::new(call.method(), None, call.call_id().unwrap(), b"100 to Ada");
    let dead = Record::running(identity.digest, 1, LEASE).to_bytes();
    store.create(&identity.key, dead).await.unwrap();

    // Its own lease is another one.
    let layer = IdempotencyLayer::new(store).with_lease(LEASE * 10);
    let instance = runs.instance(&layer, |run| Box::pin(async move { said(run) }));
    let begin = Instant::now();
    assert_eq!(run_of(send(&instance, pay(7)).await), 1);
    assert!((LEASE..=LEASE + GLANCE * 2).contains(&begin.elapsed()), "{:?}", begin.elapsed());
    assert_eq!(run_of(send(&instance, pay(7)).await), 1);
}

#[tokio::test(start_paused = true)]
async fn a_slow_instance_is_not_taken_for_dead() {
    let runs = Runs::default();
    let store = Arc::new(MemoryStore::new());
    let instance = || {
        let layer = IdempotencyLayer::new(Arc::clone(&store)).with_lease(LEASE);
        runs.instance(&layer, after(SECOND * 60))
    };
    let (one, other) = (instance(), instance());
    let first = tokio::spawn(send(&one, pay(7)));
    tokio::task::yield_now().await;
    assert_eq!(run_of(send(&other, pay(7)).await), 1);
    assert_eq!(run_of(first.await.unwrap()), 1);
    assert_eq!(runs.count(), 1);
}

#[tokio::test(start_paused = true)]
async fn one_of_many_runs_it() {
    let runs = Runs::default();
    let store = Arc::new(MemoryStore::new());
    let attempts: Vec<_> = (0..20)
        .map(|_| {
            let layer = IdempotencyLayer::new(Arc::clone(&store));
            tokio::spawn(send(&runs.instance(&layer, after(SECOND)), pay(7)))
        })
        .collect();
    for attempt in attempts {
        assert_eq!(run_of(attempt.await.unwrap()), 1);
    }
    assert_eq!(runs.count(), 1);
}
