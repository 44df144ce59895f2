use std::fmt;
use std::hash::Hash;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use governor::RateLimiter;
use governor::clock::Clock;
use governor::middleware::NoOpMiddleware;

use super::Rate;
use super::clock::TokioClock;
use super::store::Store;
use crate::raw::Call;
use crate::status::{Reason, Status};

/// Once in so many calls, keys are forgotten that have been quiet for so long that they might be new.
const FORGET_EVERY: u32 = 1024;

/// A limit for each key that calls have.
pub(super) struct Limits<K: Hash + Eq + Clone> {
    key: Box<dyn Fn(&Call) -> K + Send + Sync>,
    limiter: RateLimiter<K, Store<K>, TokioClock, NoOpMiddleware<Duration>>,
    calls: AtomicU32,
}

impl<K: Hash + Eq + Clone> Limits<K> {
    pub(super) fn new(rate: Rate, key: impl Fn(&Call) -> K + Send + Sync + 'static) -> Self {
        let limiter = RateLimiter::new(rate.quota(), Store::new(), TokioClock::new());
        Self { key: Box::new(key), limiter, calls: AtomicU32::new(0) }
    }

    /// Counts a call.
    ///
    /// # Errors
    /// RESOURCE_EXHAUSTED when it is one too many.
    pub(super) fn count(&self, call: &Call) -> Result<(), Status> {
        if self.calls.fetch_add(1, Ordering::Relaxed) % FORGET_EVERY == FORGET_EVERY - 1 {
            self.limiter.retain_recent();
        }
        self.limiter.check_key(&(self.key)(call)).map_err(|refused| {
            let now = self.limiter.clock().now();
            let wait = refused.wait_time_from(now);
            let millis = u64::try_from(wait.as_micros().div_ceil(1000)).unwrap_or(u64::MAX);
            Status::resource_exhausted("there are more calls than are allowed in this time")
                .with_reason(Reason::RateLimited)
                .with_not_processed()
                .with_retry_after(Duration::from_millis(millis))
        })
    }

    /// How many keys are counted by themselves.
    #[cfg(test)]
    pub(super) fn keys(&self) -> usize {
        self.limiter.len()
    }
}

impl<K: Hash + Eq + Clone> fmt::Debug for Limits<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Limits").finish_non_exhaustive()
    }
}
