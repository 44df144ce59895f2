use std::time::Duration;

use tokio::time::Instant;

use crate::layer::{CallPolicy, MethodPolicy, why_not_hedged};
use crate::raw::Call;
use crate::spec::{HedgeSpec, Idempotency, Method, RetrySpec};

/// What is settled about the retries of a method.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rules {
    pub(super) idempotency: Idempotency,
    pub(super) retry: RetrySpec,
    /// The layer that hedges gives each of its attempts a time of its own; from here they are one.
    pub(super) is_hedged: bool,
    pub(super) attempt_timeout: Option<Duration>,
    pub(super) wait_for_ready: bool,
}

impl Rules {
    pub(super) fn new(method: &Method, policy: &MethodPolicy) -> Self {
        Self {
            idempotency: method.idempotency(),
            retry: policy.retry,
            is_hedged: !policy.hedge.is_off(),
            attempt_timeout: policy.attempt_timeout,
            wait_for_ready: policy.wait_for_ready,
        }
    }

    /// With what a call says itself.
    pub(super) fn of(self, call: &Call) -> Self {
        let Some(own) = CallPolicy::of(call) else { return self };
        let takes = |hedge: HedgeSpec| !hedge.is_off() && why_not_hedged(call.method(), &hedge).is_none();
        Self {
            idempotency: self.idempotency,
            retry: own.retry.unwrap_or(self.retry),
            is_hedged: own.hedge.map_or(self.is_hedged, takes),
            attempt_timeout: own.attempt_timeout.or(self.attempt_timeout),
            wait_for_ready: own.wait_for_ready.unwrap_or(self.wait_for_ready),
        }
    }

    /// When an attempt that is made now is over, at the latest.
    pub(super) fn end_of_attempt(&self, now: Instant) -> Option<Instant> {
        self.attempt_timeout.filter(|_| !self.is_hedged).and_then(|timeout| now.checked_add(timeout))
    }

    /// Whether the method may run twice.
    pub(super) fn may_run_twice(&self) -> bool {
        self.idempotency != Idempotency::Unknown
    }
}
