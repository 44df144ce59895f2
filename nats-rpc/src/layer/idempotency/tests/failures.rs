//! A store that can't be reached, and callers who leave at the wrong moment.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{sleep, timeout};

use super::scene::{Faulty, Instance, Runs, after, pay, run_of, send};
use crate::layer::idempotency::{IdempotencyLayer, OnStoreFailure};
use crate::status::Code;

const SECOND: Duration = Duration::from_secs(1);

fn instance(runs: &Runs, store: &Arc<Faulty>, policy: OnStoreFailure) -> Instance {
    runs.instance(&IdempotencyLayer::new(Arc::clone(store)).on_store_failure(policy), after(SECOND))
}

#[tokio::test(start_paused = true)]
async fn without_its_store_a_call_is_refused_before_it_runs() {
    let (runs, store) = (Runs::default(), Faulty::new());
    let instance = instance(&runs, &store, OnStoreFailure::Refuse);
    store.set_down(true);
    let status = send(&instance, pay(7)).await.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable);
    assert!(status.is_not_processed());
    assert!(status.message().contains("no disk"), "{status}");
    assert_eq!(runs.count(), 0);
    store.set_down(false);
    assert_eq!(run_of(send(&instance, pay(7)).await), 1);
}

#[tokio::test(start_paused = true)]
async fn or_runs_all_the_same_and_is_remembered_if_possible() {
    let (runs, store) = (Runs::default(), Faulty::new());
    let instance = instance(&runs, &store, OnStoreFailure::RunAnyway);
    store.set_down(true);
    assert_eq!(run_of(send(&instance, pay(7)).await), 1);
    store.set_down(false);
    // By then it has been tried again.
    sleep(SECOND).await;
    assert_eq!(run_of(send(&instance, pay(7)).await), 1);
    assert_eq!(runs.count(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_fails_after_the_run_costs_nobody_the_reply() {
    let (runs, store) = (Runs::default(), Faulty::new());
    let instance = instance(&runs, &store, OnStoreFailure::Refuse);
    let first = tokio::spawn(send(&instance, pay(7)));
    sleep(SECOND / 2).await;
    store.set_down(true);
    assert_eq!(run_of(first.await.unwrap()), 1);
    sleep(SECOND).await;
    store.set_down(false);
    sleep(SECOND).await;
    assert_eq!(run_of(send(&instance, pay(7)).await), 1);
    assert_eq!(runs.count(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_fails_for_a_while_loses_no_claim() {
    let (runs, store) = (Runs::default(), Faulty::new());
    let instance = || runs.instance(&IdempotencyLayer::new(Arc::clone(&store)), after(SECOND * 20));
    let (one, other) = (instance(), instance());
    let first = tokio::spawn(send(&one, pay(7)));
    sleep(SECOND).await;
    store.set_down(true);
    sleep(SECOND * 2).await;
    store.set_down(false);
    assert_eq!(run_of(send(&other, pay(7)).await), 1);
    assert_eq!(run_of(first.await.unwrap()), 1);
    assert_eq!(runs.count(), 1);
}

#[tokio::test(start_paused = true)]
async fn what_has_run_is_remembered_although_its_caller_leaves() {
    let (runs, store) = (Runs::default(), Faulty::new());
    let instance = instance(&runs, &store, OnStoreFailure::Refuse);
    store.replace_slowly();
    // It has ended, and is about to be remembered.
    let first = timeout(SECOND + SECOND / 50, send(&instance, pay(7)));
    assert!(first.await.is_err());
    assert_eq!(run_of(send(&instance, pay(7)).await), 1);
    assert_eq!(runs.count(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_ends_while_its_claim_is_renewed_is_remembered() {
    let (runs, store) = (Runs::default(), Faulty::new());
    let layer = IdempotencyLayer::new(Arc::clone(&store)).with_lease(SECOND * 3);
    // After the new claim has arrived, and before that is known.
    let instance = runs.instance(&layer, after(SECOND + Duration::from_millis(70)));
    store.replace_slowly();
    assert_eq!(run_of(send(&instance, pay(7)).await), 1);
    assert_eq!(run_of(send(&instance, pay(7)).await), 1);
    assert_eq!(runs.count(), 1);
}
