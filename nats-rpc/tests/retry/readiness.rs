//! Calls of services that nobody serves.

use std::time::Duration;

use nats_rpc::layer::{Budget, RetryLayer};
use nats_rpc::{Reason, Status};
use tokio::time::Instant;

use crate::script::{Script, Step, add, patient, read};

const MS: Duration = Duration::from_millis(1);

fn nobody(reason: Reason) -> Status {
    Status::unavailable("nobody").with_reason(reason).with_not_processed()
}

fn without_budget() -> RetryLayer {
    RetryLayer::new().with_budget(|_| Budget::new().with_ratio(0.0).with_min_per_second(0))
}

/// An absent service is no reason to keep a caller waiting for its deadline.
#[tokio::test(start_paused = true)]
async fn a_call_that_reaches_nobody_is_retried_as_the_policy_says() {
    for reason in [Reason::NotConnected, Reason::NoResponders] {
        let script = Script::always(&nobody(reason));
        let begun = Instant::now();
        let failure = script.outcome(add().with_timeout(Duration::from_secs(3600))).await.unwrap_err();
        assert_eq!((failure.reason(), failure.is_not_processed()), (Some(reason), true));
        assert_eq!(script.count(), 3);
        assert!(begun.elapsed() <= 302 * MS);

        let script = Script::always(&nobody(reason));
        script.through(&without_budget(), add()).await.unwrap_err();
        assert_eq!(script.count(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_that_waits_does_so_until_somebody_is_there() {
    for reason in [Reason::NotConnected, Reason::NoResponders] {
        for call in [add(), read().with_timeout(Duration::from_secs(3600))] {
            let script = Script::failing(200, &nobody(reason));
            script.through(&without_budget(), patient(call)).await.unwrap();
            assert_eq!(script.count(), 201);
            let waits = script.waits();
            for (before, wait) in waits.iter().enumerate() {
                let longest = if before < 6 { 5 * MS * (1 << before) } else { 250 * MS };
                assert!(*wait <= longest + MS, "{wait:?} before {before}");
            }
            // 194 waits of 125 ms on average, with a standard deviation of 1 s for their sum.
            let sum: Duration = waits[6..].iter().sum();
            assert!((18..31).contains(&sum.as_secs()), "{sum:?}");
            assert!(script.seen().iter().all(|seen| seen.attempt == 0), "nobody has seen it before");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_that_waits_gives_up_before_its_deadline() {
    let script = Script::always(&nobody(Reason::NoResponders));
    let begun = Instant::now();
    let call = patient(add()).with_timeout(Duration::from_secs(5));
    let failure = script.through(&without_budget(), call).await.unwrap_err();
    assert_eq!(failure.reason(), Some(Reason::NoResponders));
    let elapsed = begun.elapsed();
    assert!(elapsed <= Duration::from_secs(5) && elapsed >= Duration::from_millis(4749), "{elapsed:?}");
    assert!(script.seen().iter().all(|seen| seen.time > Some(Duration::ZERO)), "nothing is made after it");
}

#[tokio::test(start_paused = true)]
async fn waiting_leaves_the_attempts_to_failures() {
    let mut steps: Vec<_> = vec![Step::Fail(nobody(Reason::NoResponders)); 20];
    steps.push(Step::Fail(Status::unavailable("of a handler")));
    let script = Script::new(steps);
    let failure = script.outcome(patient(read())).await.unwrap_err();
    assert_eq!((failure.message(), script.count()), ("of a handler", 23));
}
