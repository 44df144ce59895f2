use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// How long a difference of clocks is believed.
const BELIEVED_FOR: Duration = Duration::from_secs(60);

/// How far a service's clock is ahead of this host's, once a call has failed for it.
pub(super) struct Skew {
    /// Mostly not, and then nothing is locked.
    known: AtomicBool,
    ahead: Mutex<Option<Ahead>>,
}

#[derive(Clone, Copy)]
struct Ahead {
    millis: i64,
    until: Instant,
}

impl Skew {
    pub(super) fn new() -> Self {
        Self { known: AtomicBool::new(false), ahead: Mutex::new(None) }
    }

    /// A service has said what its clock shows.
    pub(super) fn learn(&self, own_ms: u64, services_ms: u64) -> i64 {
        let difference = i128::from(services_ms) - i128::from(own_ms);
        let millis = i64::try_from(difference).unwrap_or_default();
        let now = Instant::now();
        let mut ahead = self.ahead.lock().unwrap_or_else(PoisonError::into_inner);
        // Instances may differ. A request from the future is never stale, so the largest difference suits all.
        let before = ahead.filter(|ahead| now < ahead.until).map_or(i64::MIN, |ahead| ahead.millis);
        *ahead = Some(Ahead { millis: millis.max(before), until: now + BELIEVED_FOR });
        self.known.store(true, Ordering::Relaxed);
        millis
    }

    /// This host's time as the service's clock shows it.
    pub(super) fn correct(&self, own_ms: u64, now: Instant) -> u64 {
        if !self.known.load(Ordering::Relaxed) {
            return own_ms;
        }
        let mut ahead = self.ahead.lock().unwrap_or_else(PoisonError::into_inner);
        match *ahead {
            Some(Ahead { millis, until }) if now < until => own_ms.saturating_add_signed(millis),
            _ => {
                *ahead = None;
                self.known.store(false, Ordering::Relaxed);
                own_ms
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::Instant;

    use super::Skew;

    #[tokio::test(start_paused = true)]
    async fn a_difference_is_believed_for_a_minute() {
        let skew = Skew::new();
        assert_eq!(skew.correct(1_000_000, Instant::now()), 1_000_000);
        assert_eq!(skew.learn(1_000_000, 1_013_000), 13_000);
        assert_eq!(skew.learn(1_000_000, 1_000_000), 0);
        assert_eq!(skew.correct(2_000_000, Instant::now()), 2_013_000);
        tokio::time::advance(Duration::from_secs(59)).await;
        assert_eq!(skew.correct(2_000_000, Instant::now()), 2_013_000);
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!(skew.correct(2_000_000, Instant::now()), 2_000_000);
    }
}
