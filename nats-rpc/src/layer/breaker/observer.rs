use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use super::{BreakerCause, BreakerState};
use crate::spec::Method;

/// The breaker of a method went from one state to another.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct BreakerChange {
    /// Whose calls it is about.
    pub method: Method,
    /// The state before.
    pub from: BreakerState,
    /// The state now.
    pub to: BreakerState,
    /// Why.
    pub cause: BreakerCause,
}

type Callback = dyn Fn(&BreakerChange) + Send + Sync;

/// Who is told of changes; clones are the same.
#[derive(Clone, Default)]
pub(super) struct Observer(Option<Arc<Callback>>);

impl Observer {
    pub(super) fn new(callback: impl Fn(&BreakerChange) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(callback)))
    }

    /// Logs the change and tells the callback, whose panic ends nothing.
    pub(super) fn tell(&self, change: &BreakerChange) {
        let BreakerChange { method, from, to, cause } = change;
        match to {
            BreakerState::Open | BreakerState::Isolated => {
                tracing::warn!(%method, %from, %to, %cause, "the breaker rejects calls");
            }
            _ => tracing::info!(%method, %from, %to, %cause, "the breaker lets calls through"),
        }
        if let Some(callback) = &self.0
            && catch_unwind(AssertUnwindSafe(|| callback(change))).is_err()
        {
            tracing::error!(?change, "the callback for changes of a breaker has panicked");
        }
    }
}

impl fmt::Debug for Observer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Observer(callback)" } else { "Observer" })
    }
}
