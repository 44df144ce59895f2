use std::time::Duration;

use crate::layer::{CallPolicy, MethodPolicy};
use crate::raw::Call;
use crate::spec::{Idempotency, Method, RetrySpec};

/// What is settled about the retries of a method.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rules {
    pub(super) idempotency: Idempotency,
    pub(super) retry: RetrySpec,
    pub(super) attempt_timeout: Option<Duration>,
    pub(super) wait_for_ready: bool,
}

impl Rules {
    pub(super) fn new(method: &Method, policy: &MethodPolicy) -> Self {
        Self {
            idempotency: method.idempotency(),
            retry: policy.retry,
            attempt_timeout: policy.attempt_timeout,
            wait_for_ready: policy.wait_for_ready,
        }
    }

    /// With what a call says itself.
    pub(super) fn of(self, call: &Call) -> Self {
        let Some(own) = CallPolicy::of(call) else { return self };
        Self {
            idempotency: self.idempotency,
            retry: own.retry.unwrap_or(self.retry),
            attempt_timeout: own.attempt_timeout.or(self.attempt_timeout),
            wait_for_ready: own.wait_for_ready.unwrap_or(self.wait_for_ready),
        }
    }

    /// Whether the method may run twice.
    pub(super) fn may_run_twice(&self) -> bool {
        self.idempotency != Idempotency::Unknown
    }
}
