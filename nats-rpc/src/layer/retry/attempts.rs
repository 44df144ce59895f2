use std::time::Duration;

use tokio::time::Instant;

use super::backoff::backoff;
use super::decision::{Decision, is_throttled_for};
use super::rules::Rules;
use crate::raw::{Budget, Throttle};
use crate::spec::RetrySpec;
use crate::status::{Pushback, Status};

/// A service that asks for more patience does not get it.
const LONGEST_PUSHBACK: Duration = Duration::from_secs(30);
/// Between the attempts of a call that waits until somebody serves the method.
const READY: RetrySpec = RetrySpec::new()
    .with_initial_backoff(Duration::from_millis(5))
    .with_max_backoff(Duration::from_millis(250));

/// The attempts at a call so far.
#[derive(Debug)]
pub(super) struct Attempts {
    /// As the policy counts them.
    made: u32,
    /// Of calls that no handler had seen.
    repeats: u32,
    /// Since the last pushback.
    backoffs: u32,
    waits: u32,
    may_have_run: bool,
}

/// What further attempts must stay within.
#[derive(Clone, Copy)]
pub(super) struct Bounds<'a> {
    /// Whether the requests can be sent again.
    pub(super) is_repeatable: bool,
    pub(super) deadline: Option<Instant>,
    pub(super) budget: &'a Budget,
}

impl Attempts {
    /// The first one is made.
    pub(super) fn new() -> Self {
        Self { made: 1, repeats: 0, backoffs: 0, waits: 0, may_have_run: false }
    }

    /// How many there were before the current one, as a service is told.
    pub(super) fn before(&self) -> u32 {
        self.made - 1
    }

    /// The current one has failed. Returns after which time there is another one, if there is.
    pub(super) fn failed(&mut self, failure: &Status, rules: &Rules, bounds: Bounds<'_>) -> Option<Duration> {
        self.may_have_run |= !failure.is_not_processed();
        if is_throttled_for(failure, rules) {
            bounds.budget.throttle().into_iter().for_each(Throttle::failed);
        }
        let decision = Decision::on(failure, rules);
        let counts = match decision {
            Decision::Fail => return None,
            Decision::Await => false,
            // Without a deadline nothing else ends the repeats of a lone call.
            Decision::Repeat => bounds.deadline.is_none(),
            Decision::Retry => true,
        };
        let is_last = counts && self.made >= rules.retry.max_attempts();
        if is_last || !bounds.is_repeatable {
            return None;
        }
        self.made += u32::from(counts);
        let delay = self.delay(decision, failure, rules);
        let now = Instant::now();
        if bounds.deadline.is_some_and(|deadline| deadline.saturating_duration_since(now) <= delay) {
            return None;
        }
        let is_paid = match decision {
            Decision::Await => true,
            Decision::Repeat => bounds.budget.withdraw_unthrottled(now),
            Decision::Retry | Decision::Fail => bounds.budget.withdraw(now),
        };
        is_paid.then_some(delay)
    }

    fn delay(&mut self, decision: Decision, failure: &Status, rules: &Rules) -> Duration {
        if decision == Decision::Await {
            self.waits += 1;
            return backoff(&READY, self.waits - 1);
        }
        if let Some(Pushback::After(delay)) = failure.pushback() {
            self.backoffs = 0;
            return delay.min(LONGEST_PUSHBACK);
        }
        if decision == Decision::Repeat {
            self.repeats += 1;
            if self.repeats == 1 {
                return Duration::ZERO;
            }
        }
        self.backoffs += 1;
        backoff(&rules.retry, self.backoffs - 1)
    }

    /// What the call fails with when this was the last attempt.
    pub(super) fn end(&self, failure: Status) -> Status {
        if self.may_have_run { failure.with_maybe_processed() } else { failure }
    }
}
