use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Interval, MissedTickBehavior, interval_at};

/// So many intervals without a word, and the server is taken for gone.
const PATIENCE: u32 = 3;

/// Asks a silent server whether it is there.
pub(super) struct Pings {
    interval: Interval,
    /// How many times in a row.
    asked: u32,
    heard: bool,
}

/// What is to be done now.
pub(super) enum Due {
    Ping,
    /// Nothing has been heard for too long.
    Gone,
}

impl Pings {
    pub(super) fn new(every: Duration) -> Self {
        let mut interval = interval_at(tokio::time::Instant::now() + every, every);
        interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self { interval, asked: 0, heard: false }
    }

    /// The server has said something.
    pub(super) fn heard(&mut self) {
        self.heard = true;
    }

    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Due> {
        while self.interval.poll_tick(cx).is_ready() {
            if std::mem::take(&mut self.heard) {
                self.asked = 0;
                continue;
            }
            self.asked += 1;
            return Poll::Ready(if self.asked < PATIENCE { Due::Ping } else { Due::Gone });
        }
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::time::Duration;

    use tokio::time::Instant;

    use super::{Due, Pings};

    #[tokio::test(start_paused = true)]
    async fn a_silent_server_is_asked_and_then_given_up() {
        let (start, every) = (Instant::now(), Duration::from_secs(5));
        let mut pings = Pings::new(every);
        pings.heard();
        for due in 2..4 {
            assert!(matches!(poll_fn(|cx| pings.poll(cx)).await, Due::Ping));
            assert_eq!(start.elapsed(), every * due);
        }
        pings.heard();
        for _ in 5..7 {
            assert!(matches!(poll_fn(|cx| pings.poll(cx)).await, Due::Ping));
        }
        assert!(matches!(poll_fn(|cx| pings.poll(cx)).await, Due::Gone));
        assert_eq!(start.elapsed(), every * 7);
    }
}
