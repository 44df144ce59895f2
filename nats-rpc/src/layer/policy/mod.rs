//! What holds for a method: of the crate's defaults, its options, and what was configured, the strongest.

use std::time::Duration;

use crate::raw::Call;
use crate::spec::{BreakerSpec, HedgeSpec, Method, RetrySpec};

/// What was configured for calls. Clones are cheap.
#[derive(Debug, Clone, Default)]
pub struct Policies(());

/// What holds for the calls of one method.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct MethodPolicy {
    /// How long a call may take, if it does not say so itself.
    pub timeout: Option<Duration>,
    /// How long an attempt may take before the next one; `None`: as long as the call.
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

impl Policies {
    /// What holds for a method.
    #[must_use]
    pub fn of(&self, method: &Method) -> MethodPolicy {
        MethodPolicy {
            timeout: method.timeout(),
            attempt_timeout: None,
            wait_for_ready: false,
            retry: method.retry().copied().unwrap_or_default(),
            hedge: method.hedge().copied().unwrap_or(HedgeSpec::off()),
            breaker: method.breaker().copied().unwrap_or_default(),
        }
    }
}

/// What one call says of its policy, stronger than all else; among its [extensions](Call::extensions).
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
    /// What a call says, if it says anything.
    #[must_use]
    pub fn of(call: &Call) -> Option<&Self> {
        let extensions = call.extensions();
        if extensions.is_empty() { None } else { extensions.get() }
    }
}
