use std::sync::atomic::{AtomicU64, Ordering};

use tokio::time::Instant;

/// So long a reading of the host's clock is carried on by the runtime's, which has been read anyway. What lay in a
/// process that stood still is read later than that.
const CARRIED_FOR_US: u64 = 10_000;

/// Unix time for every call, without reading the host's clock for each.
pub(super) struct Wall {
    start: Instant,
    /// When the clock was read, in microseconds since the start, and what it showed, in milliseconds. Two calls that
    /// read at once may mix them up, by as much as both have in common.
    read_us: AtomicU64,
    unix_ms: AtomicU64,
}

impl Wall {
    pub(super) fn new() -> Self {
        Self { start: Instant::now(), read_us: AtomicU64::new(0), unix_ms: AtomicU64::new(0) }
    }

    /// Unix milliseconds at the time `now`, by a clock that `read` reads.
    pub(super) fn at(&self, now: Instant, read: impl FnOnce() -> u64) -> u64 {
        let now_us = now.saturating_duration_since(self.start).as_micros();
        let now_us = u64::try_from(now_us).unwrap_or(u64::MAX);
        // In the other order than they are written in, so that no old reading goes with a new time.
        let read_us = self.read_us.load(Ordering::Acquire);
        let unix_ms = self.unix_ms.load(Ordering::Relaxed);
        let since_us = now_us.saturating_sub(read_us);
        if unix_ms != 0 && since_us < CARRIED_FOR_US {
            return unix_ms + since_us / 1_000;
        }
        let unix_ms = read();
        self.unix_ms.store(unix_ms, Ordering::Relaxed);
        self.read_us.store(now_us, Ordering::Release);
        unix_ms
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::Instant;

    use super::Wall;

    #[tokio::test(start_paused = true)]
    async fn a_reading_is_carried_on_for_a_moment() {
        let wall = Wall::new();
        let at = |unix_ms| wall.at(Instant::now(), || unix_ms);
        assert_eq!(at(1_000), 1_000);
        tokio::time::advance(Duration::from_millis(9)).await;
        assert_eq!(at(77), 1_009);
        tokio::time::advance(Duration::from_millis(1)).await;
        assert_eq!(at(5_000), 5_000, "the clock was set meanwhile");
    }
}
