use std::time::Duration;

use super::resolve::why_not_hedged;
use super::{CallPolicy, Overrides};
use crate::raw::Call;
use crate::spec::{BreakerSpec, HedgeSpec, RetrySpec};

/// What holds for the calls of one method.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct MethodPolicy {
    /// How long a call may take, if it does not say so itself.
    pub timeout: Option<Duration>,
    /// How long an attempt may take before the next one; `None`: as long as the call. A stream of responses has to begin
    /// within it.
    pub attempt_timeout: Option<Duration>,
    /// Whether a call waits until somebody serves the method.
    pub wait_for_ready: bool,
    /// When a failed call is made again.
    pub retry: RetrySpec,
    /// When a call is sent again before the first answer.
    pub hedge: HedgeSpec,
    /// When calls are given up at once.
    pub breaker: BreakerSpec,
}

impl MethodPolicy {
    /// What holds for a call, which may say some of it [itself](CallPolicy).
    #[must_use]
    pub fn of_call(&self, call: &Call) -> Self {
        let mut policy = self.clone();
        let Some(own) = CallPolicy::of(call) else { return policy };
        policy.retry = own.retry.unwrap_or(self.retry);
        policy.hedge =
            own.hedge.filter(|hedge| why_not_hedged(call.method(), hedge).is_none()).unwrap_or(self.hedge);
        policy.attempt_timeout = own.attempt_timeout.or(self.attempt_timeout);
        policy.wait_for_ready = own.wait_for_ready.unwrap_or(self.wait_for_ready);
        policy
    }
}

/// What nobody said is as the crate has it.
impl From<Overrides> for MethodPolicy {
    fn from(said: Overrides) -> Self {
        Self {
            timeout: said.timeout,
            attempt_timeout: said.attempt_timeout,
            wait_for_ready: said.wait_for_ready.unwrap_or(false),
            retry: said.retry.unwrap_or_default(),
            hedge: said.hedge.unwrap_or(HedgeSpec::off()),
            breaker: said.breaker.unwrap_or_default(),
        }
    }
}
