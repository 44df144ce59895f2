//! gRFC A6, "gRPC Retry Design": what it says of retries, rule by rule, under its own headings.
//!
//! What is refused of a policy is tried where policies are read. Of hedging there are tests elsewhere.

use std::time::Duration;

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use nats_rpc::call::Event;
use nats_rpc::layer::{Budget, Policies, RetryLayer, Throttle};
use nats_rpc::raw::{Call, Reply, ReplyBody};
use nats_rpc::spec::RetrySpec;
use nats_rpc::{Code, CodeSet, Metadata, Status};
use tokio::time::Instant;
use tower::{Layer, ServiceExt, service_fn};

use crate::script::{Script, Step, add, put, read, upload, with_retry};

const MS: Duration = Duration::from_millis(1);

fn unavailable() -> Status {
    Status::unavailable("of a handler")
}

fn refused() -> Status {
    Status::unavailable("leaving").with_not_processed()
}

/// A budget that is never used up, and a throttle.
fn throttled() -> RetryLayer {
    RetryLayer::new().with_budget(|_| Budget::new().with_ratio(100.0).with_throttle(Throttle::new(4, 0.5)))
}

// Maximum Number of Retries

#[tokio::test(start_paused = true)]
async fn max_attempts_includes_the_original_request() {
    for attempts in 2..=5 {
        let script = Script::always(&unavailable());
        let retry = RetrySpec::new().with_max_attempts(attempts);
        assert_eq!(script.outcome(with_retry(put(), retry)).await.unwrap_err().code(), Code::Unavailable);
        assert_eq!(script.count(), attempts as usize);
    }
}

#[tokio::test(start_paused = true)]
async fn the_deadline_applies_across_all_attempts() {
    let script = Script::new([Step::Fail(unavailable()), Step::Hang]);
    let begun = Instant::now();
    let failure = script.outcome(put().with_timeout(Duration::from_secs(1))).await.unwrap_err();
    assert_eq!((failure.code(), script.count()), (Code::DeadlineExceeded, 2));
    assert_eq!(begun.elapsed(), Duration::from_secs(1));
}

// Exponential Backoff

#[tokio::test(start_paused = true)]
async fn the_nth_retry_is_after_a_random_time_up_to_the_grown_backoff() {
    let retry = RetrySpec::new()
        .with_max_attempts(5)
        .with_initial_backoff(100 * MS)
        .with_backoff_multiplier(3.0)
        .with_max_backoff(1000 * MS);
    let layer = RetryLayer::new().with_budget(|_| Budget::new().with_ratio(100.0));
    let mut sums = [Duration::ZERO; 4];
    for _ in 0..400 {
        let script = Script::always(&unavailable());
        script.through(&layer, with_retry(put(), retry)).await.unwrap_err();
        for ((wait, longest), sum) in script.waits().into_iter().zip([100, 300, 900, 1000]).zip(&mut sums) {
            assert!(wait <= longest * MS + MS, "{wait:?} of {longest} ms");
            *sum += wait;
        }
    }
    for (sum, longest) in sums.iter().zip([100_u32, 300, 900, 1000]) {
        // Half of it, with a standard deviation of 1.5 %, and half a millisecond for the timer.
        let average = sum.as_secs_f64() * 1000.0 / 400.0 / f64::from(longest);
        assert!((0.4..0.6).contains(&average), "{average} of {longest} ms");
    }
}

// Retryable Status Codes

#[tokio::test(start_paused = true)]
async fn only_retryable_codes_are_retried() {
    let retry = RetrySpec::new().with_retryable_codes(CodeSet::of(&[Code::Aborted, Code::Internal]));
    for (code, attempts) in
        [(Code::Aborted, 3), (Code::Internal, 3), (Code::Unavailable, 1), (Code::Unknown, 1)]
    {
        let script = Script::always(&Status::new(code, ""));
        assert_eq!(script.outcome(with_retry(put(), retry)).await.unwrap_err().code(), code);
        assert_eq!(script.count(), attempts, "{code}");
    }
}

// Throttling Retry Attempts and Hedged RPCs

#[tokio::test(start_paused = true)]
async fn there_are_no_retries_at_half_of_the_tokens_or_less() {
    let layer = throttled();
    let script = Script::always(&unavailable());
    script.through(&layer, put()).await.unwrap_err();
    assert_eq!(script.count(), 2, "the second failure leaves two of four tokens");
    let begun = Instant::now();
    script.through(&layer, put()).await.unwrap_err();
    assert_eq!((script.count(), begun.elapsed()), (3, Duration::ZERO), "the first attempt is always made");
}

#[tokio::test(start_paused = true)]
async fn successes_let_retries_be_made_again() {
    let layer = throttled();
    let script = Script::failing(2, &unavailable());
    script.through(&layer, put()).await.unwrap_err();
    // Two of four tokens are left, and each success gives half of one.
    for _ in 0..3 {
        script.through(&layer, put()).await.unwrap();
    }
    let script = Script::failing(1, &unavailable());
    script.through(&layer, put()).await.unwrap();
    assert_eq!(script.count(), 2, "two and a half are enough");
}

#[tokio::test(start_paused = true)]
async fn throttling_that_is_configured_later_holds_from_then_on() {
    let layer = RetryLayer::new();
    Script::new([Step::Answer]).through(&layer, read()).await.unwrap();
    let json = r#"{ "retryThrottling": { "maxTokens": 2, "tokenRatio": 0.125 } }"#;
    let layer = layer.with_policies(Policies::from_service_config(json).unwrap());
    let script = Script::always(&Status::unavailable(""));
    for _ in 0..3 {
        script.through(&layer, read()).await.unwrap_err();
    }
    assert_eq!(script.count(), 3, "none is made again");
}

#[tokio::test(start_paused = true)]
async fn throttling_counts_what_is_retryable_and_what_is_asked_not_to_be_retried() {
    for (failure, is_counted) in [
        (unavailable(), true),
        (Status::invalid_argument("").with_no_retry(), true),
        (Status::invalid_argument(""), false),
        (Status::internal(""), false),
        (refused().with_no_retry(), false),
    ] {
        let layer = throttled();
        let script = Script::always(&failure);
        for _ in 0..4 {
            script.through(&layer, add()).await.unwrap_err();
        }
        let script = Script::failing(1, &unavailable());
        let outcome = script.through(&layer, put()).await;
        assert_eq!(outcome.is_err(), is_counted, "{failure}");
    }
}

// Pushback

#[tokio::test(start_paused = true)]
async fn a_retry_is_made_after_just_the_time_that_the_service_asks_for() {
    for delay in [Duration::ZERO, 1234 * MS] {
        let script = Script::new([Step::Fail(unavailable().with_retry_after(delay)), Step::Answer]);
        script.outcome(put()).await.unwrap();
        let wait = script.waits()[0];
        assert!(wait >= delay && wait <= delay + MS, "{wait:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_service_can_ask_for_no_retry() {
    let script = Script::failing(1, &unavailable().with_no_retry());
    script.outcome(put()).await.unwrap_err();
    assert_eq!(script.count(), 1);
}

#[tokio::test(start_paused = true)]
async fn max_attempts_hold_whatever_the_service_asks_for() {
    let script = Script::always(&unavailable().with_retry_after(MS));
    script.outcome(put()).await.unwrap_err();
    assert_eq!(script.count(), 3);
}

#[tokio::test(start_paused = true)]
async fn after_a_pushback_the_backoff_is_the_initial_one() {
    let retry =
        RetrySpec::new().with_max_attempts(5).with_initial_backoff(MS).with_backoff_multiplier(1000.0);
    let steps = || {
        let pushback = unavailable().with_retry_after(70 * MS);
        [unavailable(), unavailable(), pushback, unavailable()]
            .map(Step::Fail)
            .into_iter()
            .chain([Step::Answer])
    };
    for _ in 0..20 {
        let script = Script::new(steps());
        script.outcome(with_retry(put(), retry)).await.unwrap();
        let waits = script.waits();
        assert!(waits[0] <= 2 * MS && waits[1] <= 1001 * MS && waits[3] <= 2 * MS, "{waits:?}");
        assert!(waits[2] >= 70 * MS && waits[2] <= 71 * MS, "{waits:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_pushback_is_honoured_up_to_half_a_minute() {
    let hour = Duration::from_secs(3600);
    let script = Script::new([Step::Fail(unavailable().with_retry_after(hour)), Step::Answer]);
    script.outcome(put()).await.unwrap();
    let wait = script.waits()[0];
    assert!(wait >= Duration::from_secs(30) && wait <= Duration::from_secs(30) + MS, "{wait:?}");
}

// When Retries are Valid

#[tokio::test(start_paused = true)]
async fn a_call_is_committed_once_the_response_has_begun() {
    let made = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let service = service_fn({
        let made = std::sync::Arc::clone(&made);
        move |_: Call| {
            made.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            let events = [Ok(Event::Message(Bytes::from("first"))), Err(unavailable())];
            let body = ReplyBody::Stream(Box::pin(stream::iter(events)));
            std::future::ready(Ok::<_, Status>(Reply::new(Metadata::new(), body)))
        }
    });
    let reply = RetryLayer::new().layer(service).oneshot(put()).await.unwrap();
    let (_, ReplyBody::Stream(events)) = reply.into_parts() else { panic!("one message") };
    let events: Vec<_> = events.collect().await;
    assert_eq!(events.len(), 2);
    assert_eq!(events[1].as_ref().unwrap_err().code(), Code::Unavailable);
    assert_eq!(made.load(std::sync::atomic::Ordering::Relaxed), 1);
}

#[tokio::test(start_paused = true)]
async fn a_call_is_committed_once_its_buffer_is_exceeded() {
    let layer = RetryLayer::new().with_replay_buffer(100);
    for (length, attempts) in [(60, 2), (100, 1)] {
        let script = Script::new([Step::FailAfter(1, unavailable()), Step::Answer]);
        let requests = stream::iter([Ok(Bytes::from(vec![0; length]))]);
        let outcome = script.through(&layer, upload(Box::pin(requests))).await;
        assert_eq!((script.count(), outcome.is_ok()), (attempts, attempts == 2));
    }
}

// Transparent Retries

#[tokio::test(start_paused = true)]
async fn what_no_handler_has_seen_is_repeated_regardless_of_the_policy() {
    for retry in [RetrySpec::off(), RetrySpec::new().with_retryable_codes(CodeSet::of(&[Code::Aborted]))] {
        let script = Script::failing(1, &refused());
        script.outcome(with_retry(add(), retry).with_timeout(Duration::from_secs(1))).await.unwrap();
        assert_eq!((script.count(), script.waits()[0]), (2, Duration::ZERO), "at once");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_repeated_does_not_count_toward_max_attempts() {
    let failures = [refused(), unavailable(), refused(), unavailable(), refused(), unavailable()];
    let script = Script::new(failures.map(Step::Fail));
    script.outcome(put().with_timeout(Duration::from_secs(60))).await.unwrap_err();
    assert_eq!(script.count(), 6);
    let attempts: Vec<_> = script.seen().iter().map(|seen| seen.attempt).collect();
    assert_eq!(attempts, [0, 0, 1, 1, 2, 2]);
}

#[tokio::test(start_paused = true)]
async fn what_is_repeated_is_neither_throttled_nor_counted_by_the_throttle() {
    let layer = throttled();
    let script = Script::always(&unavailable());
    script.through(&layer, put()).await.unwrap_err();
    script.through(&layer, put()).await.unwrap_err();
    // One of four tokens is left.
    let script = Script::failing(8, &refused());
    script.through(&layer, put().with_timeout(Duration::from_secs(60))).await.unwrap();
    assert_eq!(script.count(), 9);
    // With its success it is one and a half, with these three and a half.
    for _ in 0..4 {
        script.through(&layer, put()).await.unwrap();
    }
    let script = Script::failing(1, &unavailable());
    script.through(&layer, put()).await.unwrap();
    assert_eq!(script.count(), 2);
}

// Exposed Retry Metadata

#[tokio::test(start_paused = true)]
async fn a_service_is_told_the_number_of_preceding_attempts() {
    let script = Script::failing(4, &unavailable());
    let retry = RetrySpec::new().with_max_attempts(5);
    script.outcome(with_retry(put(), retry)).await.unwrap();
    let attempts: Vec<_> = script.seen().iter().map(|seen| seen.attempt).collect();
    assert_eq!(attempts, [0, 1, 2, 3, 4]);
}

// Disabling Retries

#[tokio::test(start_paused = true)]
async fn retries_can_be_switched_off() {
    let script = Script::failing(1, &unavailable());
    script.outcome(with_retry(put(), RetrySpec::off())).await.unwrap_err();
    assert_eq!(script.count(), 1);
}
