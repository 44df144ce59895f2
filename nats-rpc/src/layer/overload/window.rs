use std::time::Duration;

use tokio::time::Instant;

/// A window takes at least so long,
const SHORTEST: Duration = Duration::from_millis(100);
/// and has at least so many samples.
const FEWEST: u32 = 10;

/// Takes the mean of samples that come within some time.
#[derive(Debug, Default)]
pub(super) struct Window {
    began: Option<Instant>,
    sum: f64,
    samples: u32,
}

impl Window {
    /// Adds a sample. Returns the mean when that completes the window; then the next one begins.
    pub(super) fn add(&mut self, sample: f64, now: Instant) -> Option<f64> {
        let began = *self.began.get_or_insert(now);
        self.sum += sample;
        self.samples += 1;
        if self.samples < FEWEST || now.saturating_duration_since(began) < SHORTEST {
            return None;
        }
        let mean = self.sum / f64::from(self.samples);
        *self = Self { began: Some(now), ..Self::default() };
        Some(mean)
    }
}
