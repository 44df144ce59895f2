use std::sync::Arc;

use tokio::time::Instant;

use crate::raw::{Budget, Call, Throttle};
use crate::status::Status;

/// What pays for the further attempts at a call.
pub(super) struct Purse {
    budget: Arc<Budget>,
    /// A layer around this one has entered the call, and knows how it ends.
    is_shared: bool,
}

impl Purse {
    /// Enters a call that is made now, unless that was done before.
    pub(super) fn of(call: &mut Call, own: &Arc<Budget>, now: Instant) -> Self {
        if let Some(budget) = call.budget() {
            return Self { budget: Arc::clone(budget), is_shared: true };
        }
        own.deposit(now);
        call.set_budget(Arc::clone(own));
        Self { budget: Arc::clone(own), is_shared: false }
    }

    /// Pays for an attempt, if there is enough.
    pub(super) fn pay(&self, now: Instant) -> bool {
        self.budget.withdraw(now)
    }

    pub(super) fn succeeded(&self) {
        if !self.is_shared {
            self.budget.throttle().into_iter().for_each(Throttle::succeeded);
        }
    }

    /// An attempt has failed with a code that is not fatal. Unless the call goes on, that is its end.
    pub(super) fn failed(&self, status: &Status, goes_on: bool) {
        if !status.is_not_processed() && (goes_on || !self.is_shared) {
            self.budget.throttle().into_iter().for_each(Throttle::failed);
        }
    }
}
