use std::time::Duration;

use crate::raw::Call;
use crate::spec::{HedgeSpec, RetrySpec};

/// What one call says of its policy, stronger than all else; among its [extensions](Call::extensions).
///
/// Calls of generated clients set it by [`retry`](crate::client::Unary::retry) and the like.
///
/// ```
/// use nats_rpc::layer::{CallPolicy, Policies};
/// use nats_rpc::raw::{Body, Call};
/// use nats_rpc::spec::RetrySpec;
/// use nats_rpc::{Kind, Method};
///
/// let method = Method::dynamic("shop.v1.Orders", "Put", Kind::Unary);
/// let mut call = Call::new(method.clone(), Body::Unary("..".into()));
/// call.extensions_mut().insert(CallPolicy::new().with_retry(RetrySpec::off()));
///
/// let policy = Policies::default().of(&method);
/// assert!(!policy.retry.is_off() && policy.of_call(&call).retry.is_off());
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct CallPolicy {
    /// When it is made again.
    pub retry: Option<RetrySpec>,
    /// When it is sent again before the first answer.
    pub hedge: Option<HedgeSpec>,
    /// How long an attempt may take.
    pub attempt_timeout: Option<Duration>,
    /// Whether it waits until somebody serves the method.
    pub wait_for_ready: Option<bool>,
}

impl CallPolicy {
    /// Says nothing: all is as for other calls of the method.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// What a call says, if it says anything.
    #[must_use]
    pub fn of(call: &Call) -> Option<&Self> {
        let extensions = call.extensions();
        if extensions.is_empty() { None } else { extensions.get() }
    }

    /// Sets when the call is made again. As a call is either made again or sent several times, retries turn hedging off.
    #[must_use]
    pub fn with_retry(mut self, retry: RetrySpec) -> Self {
        if !retry.is_off() {
            self.hedge = Some(HedgeSpec::off());
        }
        self.retry = Some(retry);
        self
    }

    /// Sets when the call is sent again before the first answer; that turns retries off. Streams, and calls of methods
    /// that are not declared idempotent, are then made once.
    #[must_use]
    pub fn with_hedge(mut self, hedge: HedgeSpec) -> Self {
        if !hedge.is_off() {
            self.retry = Some(RetrySpec::off());
        }
        self.hedge = Some(hedge);
        self
    }

    /// Sets how long an attempt may take before the next one.
    #[must_use]
    pub fn with_attempt_timeout(mut self, timeout: Duration) -> Self {
        self.attempt_timeout = Some(timeout);
        self
    }

    /// Sets whether the call waits until somebody serves the method.
    #[must_use]
    pub fn with_wait_for_ready(mut self, wait: bool) -> Self {
        self.wait_for_ready = Some(wait);
        self
    }
}
