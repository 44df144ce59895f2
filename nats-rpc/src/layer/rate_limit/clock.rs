use std::time::Duration;

use governor::clock::Clock;
use tokio::time::Instant;

/// The time of tokio, which tests can stop, as governor counts it: from a start.
#[derive(Debug, Clone)]
pub(super) struct TokioClock {
    start: Instant,
}

impl TokioClock {
    pub(super) fn new() -> Self {
        Self { start: Instant::now() }
    }
}

impl Clock for TokioClock {
    type Instant = Duration;

    fn now(&self) -> Duration {
        self.start.elapsed()
    }
}
