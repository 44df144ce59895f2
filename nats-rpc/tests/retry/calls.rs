//! Which calls are made again, and as what.

use std::num::NonZeroU128;
use std::time::Duration;

use nats_rpc::layer::RetryLayer;
use nats_rpc::raw::{Body, ReplyBody};
use nats_rpc::spec::RetrySpec;
use nats_rpc::{Code, Reason, Status};

use crate::script::{Script, Step, add, put, read, with_retry};

const MS: Duration = Duration::from_millis(1);

fn unavailable() -> Status {
    Status::unavailable("of a handler")
}

fn refused() -> Status {
    Status::unavailable("leaving").with_not_processed()
}

#[tokio::test(start_paused = true)]
async fn a_call_that_succeeds_is_made_once() {
    for call in [read(), put(), add()] {
        let script = Script::new([Step::Answer]);
        let reply = script.through(&RetryLayer::new(), call).await.unwrap();
        let ReplyBody::Unary { message, .. } = reply.body() else { panic!("a stream") };
        assert_eq!(message, "response");
        let [seen] = &script.seen()[..] else { panic!("made again") };
        assert_eq!(
            (seen.attempt, seen.after, &seen.requests[..]),
            (0, Duration::ZERO, &["request".into()][..])
        );
    }
}

#[tokio::test(start_paused = true)]
async fn what_may_run_twice_is_made_again() {
    for call in [read(), put()] {
        let script = Script::failing(2, &unavailable());
        script.outcome(call).await.unwrap();
        let seen = script.seen();
        assert_eq!(seen.iter().map(|seen| seen.attempt).collect::<Vec<_>>(), [0, 1, 2]);
        assert!(seen.iter().all(|seen| seen.requests == ["request"]));
    }
}

#[tokio::test(start_paused = true)]
async fn what_may_not_is_made_once() {
    let script = Script::failing(2, &unavailable());
    let failure = script.outcome(add()).await.unwrap_err();
    assert_eq!((failure.message(), script.count()), ("of a handler", 1));
}

#[tokio::test(start_paused = true)]
async fn a_service_that_may_remember_calls_knows_all_attempts_for_one() {
    let script = Script::failing(2, &unavailable());
    script.outcome(put()).await.unwrap();
    let ids: Vec<_> = script.seen().iter().map(|seen| seen.call_id).collect();
    assert!(ids[0].is_some());
    assert_eq!(ids, [ids[0]; 3]);

    let other = Script::new([Step::Answer]);
    other.outcome(put()).await.unwrap();
    assert_ne!(other.seen()[0].call_id, ids[0]);
}

#[tokio::test(start_paused = true)]
async fn others_get_an_id_with_the_second_attempt() {
    let script = Script::failing(2, &unavailable());
    script.outcome(read()).await.unwrap();
    let ids: Vec<_> = script.seen().iter().map(|seen| seen.call_id).collect();
    assert!(ids[0].is_none() && ids[1].is_some() && ids[1] == ids[2], "{ids:?}");
}

#[tokio::test(start_paused = true)]
async fn an_id_that_the_call_has_is_kept() {
    let id = NonZeroU128::new(7).unwrap();
    for call in [read(), put()] {
        let script = Script::failing(2, &unavailable());
        script.outcome(call.with_call_id(id)).await.unwrap();
        assert!(script.seen().iter().all(|seen| seen.call_id == Some(id)));
    }
}

#[tokio::test(start_paused = true)]
async fn what_no_handler_has_seen_is_repeated_as_the_same_attempt() {
    for call in [read(), put(), add()] {
        let script = Script::failing(6, &refused());
        script.outcome(call.with_timeout(Duration::from_secs(60))).await.unwrap();
        assert_eq!(script.count(), 7, "more than the policy has attempts");
        assert!(script.seen().iter().all(|seen| seen.attempt == 0));
        let waits = script.waits();
        assert_eq!(waits[0], Duration::ZERO, "the first one is made at once");
        // A timer is up to a millisecond late.
        let longest = [100, 200, 400, 800, 1600].map(|millis| millis * MS + MS);
        assert!(waits[1..].iter().zip(longest).all(|(wait, longest)| *wait <= longest), "{waits:?}");
        assert!(waits[1..].iter().any(|wait| *wait > Duration::ZERO), "{waits:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_expired_in_a_queue_is_repeated() {
    let expired = Status::deadline_exceeded("").with_reason(Reason::Expired).with_not_processed();
    let script = Script::failing(1, &expired);
    script.outcome(add().with_timeout(Duration::from_secs(1))).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn without_a_deadline_repeats_are_attempts() {
    let script = Script::always(&refused());
    let failure = script.outcome(add()).await.unwrap_err();
    assert_eq!(script.count(), 3);
    assert!(failure.is_not_processed(), "no attempt has reached a handler");
}

#[tokio::test(start_paused = true)]
async fn the_status_of_the_last_attempt_counts_and_what_all_have_done() {
    let nobody = Status::unavailable("nobody").with_reason(Reason::NoResponders).with_not_processed();
    let steps = || [Step::Fail(unavailable()), Step::Fail(unavailable()), Step::Fail(nobody.clone())];
    let failure = Script::new(steps()).outcome(put()).await.unwrap_err();
    assert_eq!((failure.message(), failure.reason()), ("nobody", Some(Reason::NoResponders)));
    assert!(!failure.is_not_processed(), "earlier attempts may have run");

    let failure = Script::always(&nobody).outcome(put()).await.unwrap_err();
    assert!(failure.is_not_processed());

    let script = Script::new([Step::Fail(unavailable()), Step::Fail(Status::not_found("the last"))]);
    let failure = script.outcome(put()).await.unwrap_err();
    assert_eq!((failure.code(), failure.message()), (Code::NotFound, "the last"));
}

#[tokio::test(start_paused = true)]
async fn a_breaker_that_is_open_is_not_asked_again() {
    let open = Status::unavailable("").with_reason(Reason::CircuitOpen).with_not_processed();
    for call in [read(), put(), add()] {
        let script = Script::failing(1, &open);
        assert_eq!(script.outcome(call).await.unwrap_err().reason(), Some(Reason::CircuitOpen));
        assert_eq!(script.count(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_may_say_how_often_it_is_made() {
    let script = Script::always(&unavailable());
    let often = RetrySpec::new().with_max_attempts(5);
    script.outcome(with_retry(put(), often)).await.unwrap_err();
    assert_eq!(script.count(), 5);

    let script = Script::failing(1, &unavailable());
    script.outcome(with_retry(put(), RetrySpec::off())).await.unwrap_err();
    assert_eq!(script.count(), 1);

    let script = Script::failing(1, &refused());
    let call = with_retry(put(), RetrySpec::off()).with_timeout(Duration::from_secs(1));
    script.outcome(call).await.unwrap();
    assert_eq!(script.count(), 2, "what no handler has seen is no retry");
}

#[tokio::test(start_paused = true)]
async fn errors_of_other_layers_are_understood() {
    let failing =
        tower::service_fn(|_| async { Err::<nats_rpc::raw::Reply, _>(tower::BoxError::from(unavailable())) });
    let retry = tower::Layer::layer(&RetryLayer::new(), failing);
    let failure =
        tower::ServiceExt::oneshot(retry, put().with_body(Body::Unary("x".into()))).await.unwrap_err();
    assert_eq!((failure.code(), failure.message()), (Code::Unavailable, "of a handler"));
}
