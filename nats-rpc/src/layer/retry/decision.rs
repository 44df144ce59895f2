use super::rules::Rules;
use crate::status::{Code, Pushback, Reason, Status};

/// What follows from a failed attempt. The table is in the documentation of [`RetryLayer`](super::RetryLayer).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Decision {
    /// The call has failed.
    Fail,
    /// No handler has seen it, so it is repeated, which is none of the policy's attempts.
    Repeat,
    /// It is made again as far as the policy allows.
    Retry,
    /// It waits until somebody serves the method.
    Await,
}

impl Decision {
    pub(super) fn on(failure: &Status, rules: &Rules) -> Self {
        let pushback = failure.pushback();
        let code = failure.code();
        if failure.reason() == Some(Reason::CircuitOpen)
            || pushback == Some(Pushback::Never)
            || is_callers_fault(failure)
        {
            return Self::Fail;
        }
        let is_listed = rules.retry.retryable_codes().contains(code);
        if !failure.is_not_processed() {
            let asks_to_come_back = code == Code::ResourceExhausted && pushback.is_some();
            let is_retried = is_listed || code == Code::DeadlineExceeded || asks_to_come_back;
            return if is_retried && rules.may_run_twice() { Self::Retry } else { Self::Fail };
        }
        let is_nobody_there = matches!(failure.reason(), Some(Reason::NotConnected | Reason::NoResponders));
        if is_nobody_there && rules.wait_for_ready {
            return Self::Await;
        }
        match code {
            Code::Unavailable | Code::DeadlineExceeded if !is_nobody_there && pushback.is_none() => {
                Self::Repeat
            }
            // Who is not there, or has too much to do, is not asked at once.
            Code::Unavailable | Code::DeadlineExceeded | Code::ResourceExhausted => Self::Retry,
            _ if is_listed => Self::Retry,
            _ => Self::Fail,
        }
    }
}

/// Whether a throttle counts the failure (gRFC A6): a retryable code or a service that asks for no retries, unless no
/// handler has seen the call.
pub(super) fn is_throttled_for(failure: &Status, rules: &Rules) -> bool {
    let is_listed = rules.retry.retryable_codes().contains(failure.code());
    !failure.is_not_processed() && (is_listed || failure.pushback() == Some(Pushback::Never))
}

/// The same would come of it again, or nobody waits for it any more.
fn is_callers_fault(failure: &Status) -> bool {
    match failure.code() {
        Code::Cancelled
        | Code::InvalidArgument
        | Code::NotFound
        | Code::AlreadyExists
        | Code::PermissionDenied
        | Code::FailedPrecondition
        | Code::OutOfRange
        | Code::Unimplemented
        | Code::Unauthenticated => true,
        Code::ResourceExhausted => failure.reason() == Some(Reason::TooLarge),
        _ => false,
    }
}

#[cfg(test)]
mod tests;
