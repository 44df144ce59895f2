//! What ends the attempts at a call: its deadline, the budget, and an inner service that is not ready.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use nats_rpc::codegen::Service;
use nats_rpc::layer::{Budget, RetryLayer};
use nats_rpc::raw::Call;
use nats_rpc::{Code, Kind, Method, Status};
use tokio::time::Instant;
use tower::limit::ConcurrencyLimit;
use tower::{Layer, ServiceExt};

use crate::script::{Script, Step, add, put, read, with_attempt_timeout};

const MS: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);

fn refused() -> Status {
    Status::unavailable("leaving").with_not_processed()
}

fn budget_of(ratio: f64) -> RetryLayer {
    RetryLayer::new().with_budget(move |_| Budget::new().with_ratio(ratio).with_min_per_second(0))
}

#[tokio::test(start_paused = true)]
async fn repeats_end_before_the_deadline() {
    let script = Script::always(&refused());
    let begun = Instant::now();
    let failure = script.outcome(add().with_timeout(SECOND)).await.unwrap_err();
    assert_eq!((failure.code(), failure.message()), (Code::Unavailable, "leaving"));
    assert!(begun.elapsed() <= SECOND);
    assert!(script.seen().iter().all(|seen| seen.time > Some(Duration::ZERO)), "nothing is made after it");
    assert!((3..30).contains(&script.count()), "{}", script.count());
}

#[tokio::test(start_paused = true)]
async fn nothing_is_waited_for_that_does_not_end_before_the_deadline() {
    let busy = Status::resource_exhausted("").with_retry_after(SECOND);
    for (timeout, count) in [(SECOND, 1), (SECOND + 2 * MS, 2)] {
        let script = Script::always(&busy);
        script.outcome(put().with_timeout(timeout)).await.unwrap_err();
        assert_eq!(script.count(), count);
        assert!(script.waits().iter().all(|wait| *wait >= SECOND));
    }
}

#[tokio::test(start_paused = true)]
async fn the_deadline_is_for_all_attempts() {
    let script = Script::new([Step::Fail(Status::unavailable("").with_retry_after(600 * MS)), Step::Hang]);
    let begun = Instant::now();
    let failure = script.outcome(put().with_timeout(SECOND)).await.unwrap_err();
    assert_eq!(failure.code(), Code::DeadlineExceeded);
    assert_eq!(begun.elapsed(), SECOND);
    assert_eq!(script.count(), 2, "no time is left for a third one");
    let seen = script.seen();
    assert_eq!(seen[0].time, Some(SECOND));
    assert_eq!(seen[1].time, Some(SECOND - seen[1].after));
}

#[tokio::test(start_paused = true)]
async fn an_attempt_has_a_timeout_of_its_own() {
    let script = Script::new([Step::Hang, Step::Answer]);
    let call = with_attempt_timeout(put().with_timeout(10 * SECOND), 2 * SECOND);
    script.outcome(call).await.unwrap();
    let seen = script.seen();
    assert_eq!((seen[0].time, seen[1].time), (Some(2 * SECOND), Some(2 * SECOND)));
    assert!(seen[1].after >= 2 * SECOND && seen[1].after <= 2 * SECOND + 101 * MS);

    // It is no longer than what is left.
    let script = Script::new([Step::Hang]);
    let begun = Instant::now();
    let call = with_attempt_timeout(put().with_timeout(3 * SECOND), 2 * SECOND);
    assert_eq!(script.outcome(call).await.unwrap_err().code(), Code::DeadlineExceeded);
    assert_eq!((script.count(), begun.elapsed()), (2, 3 * SECOND));

    // Without a deadline it is the only one.
    let script = Script::new([Step::Hang]);
    assert!(script.outcome(with_attempt_timeout(put(), SECOND)).await.is_err());
    assert_eq!(script.count(), 3);
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_took_too_long_may_have_run() {
    let script = Script::new([Step::Hang, Step::Answer]);
    let call = with_attempt_timeout(add().with_timeout(10 * SECOND), SECOND);
    assert_eq!(script.outcome(call).await.unwrap_err().code(), Code::DeadlineExceeded);
    assert_eq!(script.count(), 1);
}

#[tokio::test(start_paused = true)]
async fn retries_and_repeats_are_paid_from_the_budget() {
    let layer = budget_of(1.0);
    let script = Script::always(&Status::unavailable(""));
    for count in [2, 4, 6] {
        script.through(&layer, put()).await.unwrap_err();
        assert_eq!(script.count(), count, "one further attempt for each call");
    }
    let script = Script::always(&refused());
    script.through(&budget_of(3.0), add().with_timeout(3600 * SECOND)).await.unwrap_err();
    assert_eq!(script.count(), 4);
}

/// However many attempts the policy has, a service that is down gets no more than the budget adds.
#[tokio::test(start_paused = true)]
async fn a_service_that_is_down_gets_a_fifth_more() {
    let layer = budget_of(0.2);
    let script = Script::always(&Status::unavailable(""));
    for _ in 0..1000 {
        tokio::join!(script.through(&layer, put()), script.through(&layer, read())).0.unwrap_err();
    }
    let each = f64::from(u32::try_from(script.count()).unwrap()) / 2000.0;
    assert!((1.196..=1.204).contains(&each), "{each} attempts for each call");
}

#[tokio::test(start_paused = true)]
async fn an_empty_budget_fails_calls_at_once() {
    for call in [read(), add()] {
        let script = Script::failing(1, &refused());
        let begun = Instant::now();
        let failure = script.through(&budget_of(0.0), call.with_timeout(SECOND)).await.unwrap_err();
        assert_eq!((failure.message(), script.count()), ("leaving", 1));
        assert_eq!(begun.elapsed(), Duration::ZERO);
    }
}

/// A call is entered once, however many attempts it has, and in the budget of its service.
#[tokio::test(start_paused = true)]
async fn each_service_has_a_budget_that_calls_fill() {
    static MADE: AtomicUsize = AtomicUsize::new(0);
    let layer = RetryLayer::new().with_budget(|service| {
        assert!(["test.Script", "test.Other"].contains(&service));
        MADE.fetch_add(1, Ordering::Relaxed);
        Budget::new().with_ratio(0.5).with_min_per_second(0)
    });
    let nobody = Script::failing(1_000, &refused());
    let good = Script::new([Step::Answer]);
    // One repeat, which is made at once, fits in.
    let soon = |call: Call| call.with_timeout(Duration::from_nanos(100));
    for _ in 0..3 {
        good.through(&layer, soon(add())).await.unwrap();
    }
    for (count, left) in [(2, "of two"), (4, "of one and a half"), (6, "of one"), (7, "none of a half")] {
        nobody.through(&layer, soon(add())).await.unwrap_err();
        assert_eq!(nobody.count(), count, "one attempt {left}");
    }
    let other = Method::dynamic("test.Other", "Do", Kind::Unary);
    let call = Call::new(other, nats_rpc::raw::Body::Unary("".into()));
    nobody.through(&layer, soon(call)).await.unwrap_err();
    assert_eq!(nobody.count(), 8, "none of a half");
    assert_eq!(MADE.load(Ordering::Relaxed), 2);
}

/// A timer's tick is a millisecond, and the wait may end with the one of the deadline.
#[tokio::test(start_paused = true)]
async fn nothing_is_made_once_the_deadline_has_passed() {
    let status = Status::unavailable("the first").with_retry_after(5 * MS);
    let script = Script::failing(1, &status);
    tokio::time::advance(Duration::from_micros(900)).await;
    let begun = Instant::now();
    let timeout = 5 * MS + Duration::from_micros(300);
    let failure = script.outcome(put().with_timeout(timeout)).await.unwrap_err();
    assert_eq!((failure.message(), script.count()), ("the first", 1));
    assert!(begun.elapsed() > timeout, "the timer was late");
}

/// The place that an attempt takes is free before the next one asks for it.
#[tokio::test(start_paused = true)]
async fn an_attempt_ends_before_the_next_begins() {
    let script = Script::failing(2, &Status::unavailable(""));
    let limited = RetryLayer::new().layer(ConcurrencyLimit::new(script.clone(), 1));
    limited.oneshot(put()).await.unwrap();
    assert_eq!(script.count(), 3);
}

/// Is never ready.
#[derive(Clone)]
struct Busy(Script);

impl Service<Call> for Busy {
    type Response = nats_rpc::raw::Reply;
    type Error = Status;
    type Future = <Script as Service<Call>>::Future;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Status>> {
        Poll::Pending
    }

    fn call(&mut self, call: Call) -> Self::Future {
        Service::call(&mut self.0, call)
    }
}

#[tokio::test(start_paused = true)]
async fn a_service_that_is_not_ready_gets_no_more_attempts() {
    let script = Script::failing(1, &Status::unavailable("the first"));
    let mut retry = RetryLayer::new().layer(Busy(script.clone()));
    let ready = std::future::poll_fn(|cx| retry.poll_ready(cx));
    assert!(tokio::time::timeout(SECOND, ready).await.is_err(), "its readiness is that of the inner service");
    let failure = retry.call(put()).await.unwrap_err();
    assert_eq!((failure.message(), script.count()), ("the first", 1));
}
