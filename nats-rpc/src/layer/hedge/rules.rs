use std::time::Duration;

use tokio::time::Instant;

use crate::layer::CallPolicy;
use crate::raw::Call;
use crate::spec::HedgeSpec;

/// What holds for the attempts at a call.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rules {
    pub(super) spec: HedgeSpec,
    /// How long one attempt may take.
    pub(super) attempt_timeout: Option<Duration>,
}

impl Rules {
    /// What a call says itself goes before what holds for its method.
    pub(super) fn for_call(self, call: &Call) -> Self {
        let Some(own) = CallPolicy::of(call) else { return self };
        Self {
            spec: own.hedge.unwrap_or(self.spec),
            attempt_timeout: own.attempt_timeout.or(self.attempt_timeout),
        }
    }

    /// Makes an attempt of a call, after `before` others at it.
    pub(super) fn begin(self, call: &mut Call, before: u32, now: Instant) {
        let context = call.context_mut();
        let attempt = context.attempt() + before;
        *context = std::mem::take(context).with_attempt(attempt);
        if let Some(deadline) = self.attempt_timeout.and_then(|timeout| now.checked_add(timeout)) {
            context.limit(deadline);
        }
    }
}
