#[cfg(feature = "nats")]
use std::time::{SystemTime, UNIX_EPOCH};

use tokio::time::Instant;

/// Unix time as this host sees it: right, or as wrong as a test wants it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock {
    ahead_ms: i64,
    source: Source,
}

#[derive(Debug, Clone, Copy)]
enum Source {
    #[cfg(feature = "nats")]
    System,
    /// Moves with the runtime's time, which tests pause.
    Runtime { start: Instant, start_ms: u64 },
}

impl Clock {
    /// The system's clock, read as if it were so many milliseconds ahead of what it is.
    #[cfg(feature = "nats")]
    pub(crate) const fn system(ahead_ms: i64) -> Self {
        Self { ahead_ms, source: Source::System }
    }

    /// A clock that moves with the runtime's time. All that were made from one pair agree, apart from `ahead_ms`.
    pub(crate) const fn of_runtime(start: Instant, start_ms: u64, ahead_ms: i64) -> Self {
        Self { ahead_ms, source: Source::Runtime { start, start_ms } }
    }

    /// Unix milliseconds.
    pub(crate) fn now_ms(&self) -> u64 {
        let now = match self.source {
            #[cfg(feature = "nats")]
            Source::System => millis(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()),
            Source::Runtime { start, start_ms } => start_ms + millis(start.elapsed()),
        };
        now.saturating_add_signed(self.ahead_ms)
    }
}

fn millis(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::Instant;

    use super::Clock;

    #[tokio::test(start_paused = true)]
    async fn it_moves_with_paused_time_and_can_be_wrong() {
        let start = Instant::now();
        let (right, ahead) =
            (Clock::of_runtime(start, 1_000_000, 0), Clock::of_runtime(start, 1_000_000, -13_000));
        tokio::time::advance(Duration::from_millis(1500)).await;
        assert_eq!((right.now_ms(), ahead.now_ms()), (1_001_500, 988_500));
    }
}
