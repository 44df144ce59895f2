use std::time::Duration;

use tokio::time::Instant;

use super::window::Window;

/// So many windows are remembered, more or less.
const WINDOWS: u32 = 600;
/// So many at first are all as important.
const WARMUP: u32 = 10;
/// When calls take less than half as long as they did, the mean was that of an overload, and is forgotten faster.
const DRIFTED: f64 = 2.0;
const FORGET: f64 = 0.9;

/// What calls of one method take in the long run.
#[derive(Debug, Default)]
pub(super) struct Baseline {
    window: Window,
    /// Seconds; 0 before the first window is complete.
    mean: f64,
    windows: u32,
}

impl Baseline {
    /// A call took so long. Returns how many times as long that is as calls of its method take; 1 as long as that is not
    /// known.
    pub(super) fn observe(&mut self, took: Duration, now: Instant) -> f64 {
        let took = took.as_secs_f64();
        let ratio = if self.mean > 0.0 { took / self.mean } else { 1.0 };
        if let Some(recent) = self.window.add(took, now) {
            self.learn(recent);
        }
        ratio
    }

    /// Whether a call that was cut off after so long has taken longer than others: only then it says something.
    pub(super) fn is_exceeded(&self, took: Duration) -> bool {
        self.mean > 0.0 && took.as_secs_f64() > self.mean
    }

    fn learn(&mut self, recent: f64) {
        self.windows = self.windows.saturating_add(1);
        let weight =
            if self.windows <= WARMUP { 1.0 / f64::from(self.windows) } else { 2.0 / f64::from(WINDOWS + 1) };
        self.mean += (recent - self.mean) * weight;
        if self.mean > recent * DRIFTED {
            self.mean *= FORGET;
        }
    }
}
