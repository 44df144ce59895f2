use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::Store;
use super::flights::Flights;
use super::identity::Identity;
use super::outcome::Outcome;
use crate::raw::{Body, Call};
use crate::spec::{Idempotency, Kind};
use crate::status::{CodeSet, Pushback};

/// Who makes a call, by name.
pub(super) type CallerOf = Arc<dyn Fn(&Call) -> Option<String> + Send + Sync>;

/// What becomes of calls while the [`Store`] can't be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum OnStoreFailure {
    /// They are refused with UNAVAILABLE, and have not been processed: callers try elsewhere.
    #[default]
    Refuse,
    /// They run. A repeat may run again.
    RunAnyway,
}

/// What all calls of a layer have in common.
#[derive(Clone)]
pub(super) struct Shared {
    pub(super) store: Arc<dyn Store>,
    pub(super) flights: Arc<Flights>,
    pub(super) lease: Duration,
    pub(super) remembered: CodeSet,
    pub(super) on_store_failure: OnStoreFailure,
    pub(super) caller: Option<CallerOf>,
}

impl Shared {
    /// What tells the call from others, if it is one to be remembered.
    pub(super) fn identity_of(&self, call: &Call) -> Option<Identity> {
        let method = call.method();
        if method.idempotency() != Idempotency::Idempotent || method.kind() != Kind::Unary {
            return None;
        }
        let (id, Body::Unary(request)) = (call.call_id()?, call.body()) else { return None };
        let caller = self.caller.as_ref().and_then(|caller| caller(call));
        Some(Identity::new(method, caller.as_deref(), id, request))
    }

    /// Whether a repeat is to get the same.
    pub(super) fn is_final(&self, outcome: &Outcome) -> bool {
        match outcome {
            Ok(_) => true,
            Err(status) => {
                self.remembered.contains(status.code())
                    && !status.is_not_processed()
                    && !matches!(status.pushback(), Some(Pushback::After(_)))
            }
        }
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared")
            .field("flights", &self.flights)
            .field("lease", &self.lease)
            .field("remembered", &self.remembered)
            .field("on_store_failure", &self.on_store_failure)
            .finish_non_exhaustive()
    }
}
