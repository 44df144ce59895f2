use std::time::Duration;

use super::{Decision, is_throttled_for};
use crate::layer::retry::rules::Rules;
use crate::spec::{Idempotency, RetrySpec};
use crate::status::{Code, CodeSet, Reason, Status};

const COLUMNS: [Idempotency; 3] = [Idempotency::NoSideEffects, Idempotency::Idempotent, Idempotency::Unknown];
const EVERY_CODE: CodeSet = CodeSet::of(&[
    Code::Cancelled,
    Code::Unknown,
    Code::InvalidArgument,
    Code::DeadlineExceeded,
    Code::NotFound,
    Code::AlreadyExists,
    Code::PermissionDenied,
    Code::ResourceExhausted,
    Code::FailedPrecondition,
    Code::Aborted,
    Code::OutOfRange,
    Code::Unimplemented,
    Code::Internal,
    Code::Unavailable,
    Code::DataLoss,
    Code::Unauthenticated,
]);

fn rules(idempotency: Idempotency) -> Rules {
    let retry = RetrySpec::new();
    Rules { idempotency, retry, is_hedged: false, attempt_timeout: None, wait_for_ready: false }
}

fn listing(idempotency: Idempotency, codes: CodeSet) -> Rules {
    Rules { retry: RetrySpec::new().with_retryable_codes(codes), ..rules(idempotency) }
}

/// What follows for methods without side effects, idempotent ones, and others.
fn row(failure: &Status) -> [Decision; 3] {
    COLUMNS.map(|idempotency| Decision::on(failure, &rules(idempotency)))
}

/// The same when every code is listed.
fn listed(failure: &Status) -> [Decision; 3] {
    COLUMNS.map(|idempotency| Decision::on(failure, &listing(idempotency, EVERY_CODE)))
}

const NOWHERE: [Decision; 3] = [Decision::Fail; 3];
const REPEATED: [Decision; 3] = [Decision::Repeat; 3];
const RETRIED: [Decision; 3] = [Decision::Retry; 3];
const IF_DECLARED: [Decision; 3] = [Decision::Retry, Decision::Retry, Decision::Fail];

fn after(status: Status) -> Status {
    status.with_retry_after(Duration::from_millis(7))
}

#[test]
fn what_no_handler_has_seen_is_repeated() {
    for status in [Status::unavailable(""), Status::deadline_exceeded("")] {
        assert_eq!(row(&status.with_not_processed()), REPEATED);
    }
    let expired = Status::deadline_exceeded("").with_reason(Reason::Expired).with_not_processed();
    assert_eq!(row(&expired), REPEATED);
}

#[test]
fn who_turns_calls_away_is_asked_again_after_a_while() {
    let status = Status::resource_exhausted("").with_not_processed();
    for status in [status.clone(), status.with_reason(Reason::Overloaded)] {
        assert_eq!((row(&status), row(&after(status.clone()))), (RETRIED, RETRIED));
    }
}

#[test]
fn a_code_that_repeating_hardly_helps_must_be_listed_even_then() {
    for status in [Status::internal(""), Status::unknown(""), Status::aborted(""), Status::data_loss("")] {
        let status = status.with_not_processed();
        assert_eq!((row(&status), listed(&status)), (NOWHERE, RETRIED));
    }
}

#[test]
fn what_nobody_could_be_told_is_retried_or_waits() {
    for reason in [Reason::NotConnected, Reason::NoResponders] {
        let status = Status::unavailable("").with_reason(reason).with_not_processed();
        assert_eq!(row(&status), RETRIED);
        let patient = |idempotency| Rules { wait_for_ready: true, ..rules(idempotency) };
        assert_eq!(
            COLUMNS.map(|idempotency| Decision::on(&status, &patient(idempotency))),
            [Decision::Await; 3]
        );
        let refused = Status::unavailable("").with_not_processed();
        assert_eq!(Decision::on(&refused, &patient(Idempotency::Unknown)), Decision::Repeat);
    }
}

#[test]
fn unavailable_is_retried_if_declared_and_listed() {
    let status = Status::unavailable("");
    assert_eq!(row(&status), IF_DECLARED);
    let only_aborted = CodeSet::of(&[Code::Aborted]);
    assert_eq!(
        COLUMNS.map(|idempotency| Decision::on(&status, &listing(idempotency, only_aborted))),
        NOWHERE
    );
}

#[test]
fn an_attempt_that_took_too_long_is_retried_if_declared() {
    assert_eq!(row(&Status::deadline_exceeded("")), IF_DECLARED);
    assert_eq!(row(&Status::deadline_exceeded("").with_reason(Reason::Deadline)), IF_DECLARED);
}

#[test]
fn a_pushback_makes_resource_exhausted_retryable() {
    let status = Status::resource_exhausted("");
    assert_eq!((row(&status), listed(&status)), (NOWHERE, IF_DECLARED));
    let status = after(status);
    assert_eq!(row(&status), IF_DECLARED);
    let overloaded = status.with_reason(Reason::Overloaded).with_not_processed();
    assert_eq!(row(&overloaded), RETRIED);
}

#[test]
fn a_pushback_makes_nothing_else_retryable() {
    assert_eq!(row(&after(Status::unavailable(""))), IF_DECLARED);
    assert_eq!(row(&after(Status::internal(""))), NOWHERE);
    assert_eq!(row(&after(Status::not_found(""))), NOWHERE);
}

#[test]
fn other_codes_are_retried_if_declared_and_listed() {
    for status in [Status::aborted(""), Status::internal(""), Status::unknown(""), Status::data_loss("")] {
        assert_eq!((row(&status), listed(&status)), (NOWHERE, IF_DECLARED));
    }
}

#[test]
fn the_callers_faults_are_never_repeated() {
    let faults = [
        Status::cancelled(""),
        Status::invalid_argument(""),
        Status::not_found(""),
        Status::already_exists(""),
        Status::permission_denied(""),
        Status::failed_precondition(""),
        Status::out_of_range(""),
        Status::unimplemented(""),
        Status::unauthenticated(""),
        Status::resource_exhausted("").with_reason(Reason::TooLarge),
    ];
    for status in faults {
        assert_eq!(listed(&status), NOWHERE, "{status}");
        assert_eq!(listed(&after(status.clone()).with_not_processed()), NOWHERE, "{status}");
    }
}

#[test]
fn who_asks_for_no_retry_gets_none() {
    for status in [Status::unavailable(""), Status::resource_exhausted(""), Status::aborted("")] {
        let status = status.with_no_retry();
        assert_eq!(listed(&status), NOWHERE);
        assert_eq!(listed(&status.with_not_processed()), NOWHERE);
    }
    // gRFC A6: what can't be read says no too.
    for unreadable in ["-1", "soon", "", "1.5"] {
        let mut status = Status::unavailable("");
        status.metadata_mut().append_received("grpc-retry-pushback-ms", unreadable.into());
        assert_eq!(listed(&status), NOWHERE, "{unreadable:?}");
    }
}

#[test]
fn an_open_breaker_is_never_asked_again() {
    let open = Status::unavailable("").with_reason(Reason::CircuitOpen).with_not_processed();
    assert_eq!(listed(&open), NOWHERE);
}

#[test]
fn a_throttle_counts_what_is_retryable_or_asks_for_no_retry() {
    let counts = |status: Status| is_throttled_for(&status, &rules(Idempotency::Unknown));
    assert!(counts(Status::unavailable("")));
    assert!(counts(Status::invalid_argument("").with_no_retry()));
    assert!(!counts(Status::invalid_argument("")));
    assert!(!counts(Status::internal("")));
    assert!(!counts(Status::unavailable("").with_not_processed()));
    assert!(!counts(Status::unavailable("").with_not_processed().with_no_retry()));
}
