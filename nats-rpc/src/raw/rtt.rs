use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::Instant;

/// So often a call's round trip is measured: reading the clock once more costs.
const SAMPLE_EVERY_US: u64 = 10_000;

/// The smoothed round-trip time to a service, as TCP has it (RFC 6298): an eighth of each new sample.
pub(super) struct Rtt {
    start: Instant,
    smoothed_us: AtomicU64,
    /// When a sample was last wanted, in microseconds since the start.
    wanted_us: AtomicU64,
}

impl Rtt {
    pub(super) fn new() -> Self {
        Self { start: Instant::now(), smoothed_us: AtomicU64::new(0), wanted_us: AtomicU64::new(0) }
    }

    /// Zero before the first sample.
    pub(super) fn get(&self) -> Duration {
        Duration::from_micros(self.smoothed_us.load(Ordering::Relaxed))
    }

    /// Whether a call that is sent now should be measured.
    pub(super) fn wants_sample(&self, now: Instant) -> bool {
        let now = micros(now.saturating_duration_since(self.start));
        let wanted = self.wanted_us.load(Ordering::Relaxed);
        if now < wanted + SAMPLE_EVERY_US {
            return false;
        }
        self.wanted_us.store(now, Ordering::Relaxed);
        true
    }

    /// Takes a sample. Of two at the same time one may get lost, which does no harm.
    pub(super) fn sample(&self, sample: Duration) {
        let sample = micros(sample).max(1);
        let smoothed = match self.smoothed_us.load(Ordering::Relaxed) {
            0 => sample,
            old => old - old / 8 + sample / 8,
        };
        self.smoothed_us.store(smoothed.max(1), Ordering::Relaxed);
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Rtt;

    #[tokio::test(start_paused = true)]
    async fn it_follows_the_samples_slowly() {
        let rtt = Rtt::new();
        assert_eq!(rtt.get(), Duration::ZERO);
        rtt.sample(Duration::from_millis(80));
        assert_eq!(rtt.get(), Duration::from_millis(80));
        rtt.sample(Duration::from_millis(160));
        assert_eq!(rtt.get(), Duration::from_millis(90));
        for _ in 0..100 {
            rtt.sample(Duration::from_millis(10));
        }
        assert!(rtt.get() < Duration::from_millis(11), "{:?}", rtt.get());
    }

    #[tokio::test(start_paused = true)]
    async fn one_call_in_ten_milliseconds_is_measured() {
        let rtt = Rtt::new();
        let mut wanted = 0;
        for _ in 0..100 {
            tokio::time::advance(Duration::from_millis(1)).await;
            wanted += u32::from(rtt.wants_sample(tokio::time::Instant::now()));
        }
        assert_eq!(wanted, 10);
    }
}
