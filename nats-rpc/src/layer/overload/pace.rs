use std::time::Duration;

use tokio::time::Instant;

/// How much one departure counts against those before it.
const WEIGHT: f64 = 1.0 / 16.0;

/// How fast calls leave while others wait for their places: how long a queue takes.
#[derive(Debug, Default)]
pub(super) struct Pace {
    last: Option<Instant>,
    /// Seconds between two that leave, smoothed. `None`: not known yet.
    gap: Option<f64>,
}

impl Pace {
    /// A call has left, and others wait.
    pub(super) fn departed(&mut self, now: Instant) {
        if let Some(last) = self.last.replace(now) {
            let gap = now.saturating_duration_since(last).as_secs_f64();
            self.gap = Some(self.gap.map_or(gap, |mean| mean + (gap - mean) * WEIGHT));
        }
    }

    /// Nobody waits any more: how long it takes until the next one leaves says nothing.
    pub(super) fn idle(&mut self) {
        self.last = None;
    }

    /// How long `calls` take to leave. When none has left for longer than usual, things have become slower.
    pub(super) fn estimate(&self, calls: usize, now: Instant) -> Duration {
        let silence = self.last.map_or(0.0, |last| now.saturating_duration_since(last).as_secs_f64());
        let gap = self.gap.unwrap_or(0.0).max(silence);
        Duration::try_from_secs_f64(gap * calls as f64).unwrap_or(Duration::MAX)
    }
}
