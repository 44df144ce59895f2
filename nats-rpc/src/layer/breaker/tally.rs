use std::time::{Duration, Instant};

use super::BreakerCause;
use super::window::{Counts, Window};
use crate::spec::BreakerSpec;

/// So long none may succeed while calls fail.
const SILENCE: Duration = Duration::from_secs(1);

/// What is counted of calls, and whether it is too bad.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tally {
    window: Window,
    /// Failures since the last success.
    streak: u64,
    /// When the first of them came.
    failing_since: Instant,
}

impl Tally {
    pub(super) fn new(now: Instant) -> Self {
        Self { window: Window::new(now), streak: 0, failing_since: now }
    }

    pub(super) fn success(&mut self, now: Instant) {
        self.window.success(now);
        self.streak = 0;
    }

    /// Counts a failure. Returns why it is one too many, if it is.
    pub(super) fn failure(&mut self, now: Instant, spec: &BreakerSpec) -> Option<BreakerCause> {
        self.window.failure(now);
        if self.streak == 0 {
            self.failing_since = now;
        }
        self.streak += 1;
        let counts = self.window.counts(now);
        let min_calls = u64::from(spec.min_calls());
        if counts.calls >= min_calls && share(counts) >= spec.failure_ratio() {
            return Some(BreakerCause::FailureRatio { failures: counts.failures, calls: counts.calls });
        }
        // A total outage shows before the successes of better times are ten seconds old, and a bad instance does not:
        // with one good instance in three, twenty failures in a row come once in 3,300 times. The second is for bursts
        // of calls whose failures come together, because they ran into the same deadline.
        let silence = now.saturating_duration_since(self.failing_since);
        (self.streak.min(counts.failures) >= min_calls && silence >= SILENCE)
            .then_some(BreakerCause::NoSuccess { failures: self.streak })
    }
}

#[expect(clippy::cast_precision_loss, reason = "no window has 2^53 calls")]
fn share(counts: Counts) -> f64 {
    counts.failures as f64 / counts.calls as f64
}
