use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use tokio::time::Instant;

/// Further attempts per call, and per second besides: what Finagle, linkerd and tower have as defaults.
const PER_CALL: f64 = 0.2;
const PER_SECOND: f64 = 10.0;
/// What can be saved up.
const MOST: f64 = 100.0;

/// How many further attempts a channel may make at a service: when everything is slow, attempts must not multiply.
#[derive(Debug)]
pub(crate) struct Budget {
    calls: AtomicU64,
    saved: Mutex<Saved>,
}

#[derive(Debug)]
struct Saved {
    attempts: f64,
    calls: u64,
    at: Instant,
}

impl Budget {
    pub(crate) fn new() -> Self {
        let saved = Saved { attempts: PER_SECOND, calls: 0, at: Instant::now() };
        Self { calls: AtomicU64::new(0), saved: Mutex::new(saved) }
    }

    /// A call was made.
    pub(crate) fn deposit(&self) {
        self.calls.fetch_add(1, Ordering::Relaxed);
    }

    /// Takes one attempt out, if there is one.
    pub(crate) fn withdraw(&self, now: Instant) -> bool {
        let calls = self.calls.load(Ordering::Relaxed);
        let mut saved = self.saved.lock().unwrap_or_else(PoisonError::into_inner);
        #[expect(clippy::cast_precision_loss, reason = "an exact count would change nothing")]
        let by_calls = calls.wrapping_sub(saved.calls) as f64 * PER_CALL;
        let by_time = now.saturating_duration_since(saved.at).as_secs_f64() * PER_SECOND;
        saved.attempts = (saved.attempts + by_calls + by_time).min(MOST);
        (saved.calls, saved.at) = (calls, now);
        let enough = saved.attempts >= 1.0;
        if enough {
            saved.attempts -= 1.0;
        }
        enough
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::Instant;

    use super::Budget;

    fn withdrawals(budget: &Budget) -> usize {
        (0..).take_while(|_| budget.withdraw(Instant::now())).count()
    }

    #[tokio::test(start_paused = true)]
    async fn a_fifth_of_the_calls_and_ten_a_second() {
        let budget = Budget::new();
        assert_eq!(withdrawals(&budget), 10);
        (0..100).for_each(|_| budget.deposit());
        assert_eq!(withdrawals(&budget), 20);
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!(withdrawals(&budget), 10);
        tokio::time::advance(Duration::from_secs(1000)).await;
        assert_eq!(withdrawals(&budget), 100);
    }
}
