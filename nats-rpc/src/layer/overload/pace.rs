use std::time::Duration;

use tokio::time::Instant;

/// How much one departure counts against those before it.
const WEIGHT: f64 = 1.0 / 16.0;

/// How fast calls leave while others wait for their places: how long a queue takes.
#[derive(Debug, Default)]
pub(super) struct Pace {
    last: Option<Instant>,
    /// Seconds between two that leave, smoothed; 0 as long as it is not known.
    gap: f64,
}

impl Pace {
    /// A call has left, and others wait.
    pub(super) fn departed(&mut self, now: Instant) {
        let last = self.last.replace(now);
        let Some(gap) = last.map(|last| now.saturating_duration_since(last).as_secs_f64()) else { return };
        self.gap += if self.gap > 0.0 { (gap - self.gap) * WEIGHT } else { gap };
    }

    /// Nobody waits any more: how long it takes until the next one leaves says nothing.
    pub(super) fn idle(&mut self) {
        self.last = None;
    }

    /// How long it takes until so many calls have left.
    pub(super) fn estimate(&self, calls: usize) -> Duration {
        Duration::try_from_secs_f64(self.gap * calls as f64).unwrap_or(Duration::MAX)
    }

    /// For how long none has left of which it was to be expected.
    pub(super) fn silence(&self, now: Instant) -> Duration {
        self.last.map_or(Duration::ZERO, |last| now.saturating_duration_since(last))
    }
}
