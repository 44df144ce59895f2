use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::Throttle;

/// One attempt, so that ratios are exact to a millionth.
const ATTEMPT: u64 = 1_000_000;
/// Time is divided into so many parts of a TTL. What was entered in one of them expires at once.
const SLOTS: u64 = 64;
/// In the place of a slot: the calls that were entered, below the low half of the slot's number.
const CALLS: u64 = u32::MAX as u64;

/// How many attempts there may be besides the first ones, so that they do not multiply when a service is slow or down.
///
/// Each call adds a fraction of an attempt, and so does time. What is added can be used for the length of the
/// [TTL](Self::with_ttl); what is oldest is used first. Used up, there are no further attempts until there are new
/// calls, or time has passed. It starts with what a second adds.
///
/// The defaults are those of [Finagle]: 20 % of the calls, and 10 a second so that rare calls may be repeated too.
///
/// ```
/// use std::time::Duration;
/// use nats_rpc::layer::Budget;
/// use tokio::time::Instant;
///
/// let budget = Budget::new().with_ratio(0.5).with_min_per_second(0).with_ttl(Duration::from_secs(5));
/// let now = Instant::now();
/// budget.deposit(now);
/// assert!(!budget.withdraw(now), "one call is half an attempt");
/// budget.deposit(now);
/// assert!(budget.withdraw(now) && !budget.withdraw(now));
/// ```
///
/// [Finagle]: https://finagle.github.io/blog/2016/02/08/retry-budgets/
pub struct Budget {
    /// In parts of an attempt.
    per_call: u64,
    per_second: u32,
    slot_ns: u64,
    begun: Instant,
    /// The calls of each slot that has not expired.
    places: [AtomicU64; SLOTS as usize],
    used: Mutex<Used>,
    throttle: Option<Arc<Throttle>>,
}

/// All before this is used up.
#[derive(Clone, Copy)]
struct Used {
    slot: u64,
    /// What of the slot is.
    parts: u64,
}

impl Budget {
    /// 20 % of the calls and 10 attempts a second, which can be used for 10 s.
    #[must_use]
    pub fn new() -> Self {
        // So that the very first call may be repeated.
        let now = Instant::now();
        let begun = now.checked_sub(Duration::from_secs(1)).unwrap_or(now);
        Self {
            per_call: ATTEMPT / 5,
            per_second: 10,
            slot_ns: 10_000_000_000 / SLOTS,
            begun,
            places: [const { AtomicU64::new(0) }; SLOTS as usize],
            used: Mutex::new(Used { slot: 0, parts: 0 }),
            throttle: None,
        }
    }

    /// Sets how many attempts each call adds. Default: 0.2.
    ///
    /// # Panics
    /// When it is not a number from 0 to 1,000.
    #[must_use]
    pub fn with_ratio(mut self, ratio: f64) -> Self {
        assert!((0.0..=1000.0).contains(&ratio), "a budget has 0 to 1000 attempts per call, not {ratio}");
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is in the range")]
        let parts = (ratio * ATTEMPT as f64).round() as u64;
        self.per_call = parts;
        self
    }

    /// Sets how many attempts each second adds, whether there are calls or not. Default: 10.
    #[must_use]
    pub fn with_min_per_second(mut self, attempts: u32) -> Self {
        self.per_second = attempts;
        self
    }

    /// Sets how long what was added can be used, to within a 64th. Default: 10 s.
    ///
    /// # Panics
    /// When it is not 1 s to 60 s.
    #[must_use]
    pub fn with_ttl(mut self, ttl: Duration) -> Self {
        let range = Duration::from_secs(1)..=Duration::from_secs(60);
        assert!(range.contains(&ttl), "a budget's TTL is 1 s to 60 s, not {ttl:?}");
        self.slot_ns = nanos(ttl) / SLOTS;
        self
    }

    /// Stops retries and hedges besides while too many calls fail. Default: it does not.
    #[must_use]
    pub fn with_throttle(mut self, throttle: impl Into<Arc<Throttle>>) -> Self {
        self.throttle = Some(throttle.into());
        self
    }

    /// What stops retries and hedges while too many calls fail.
    #[must_use]
    pub fn throttle(&self) -> Option<&Throttle> {
        self.throttle.as_deref()
    }

    /// A call is made, whose further attempts it pays for. Without a lock.
    pub fn deposit(&self, now: Instant) {
        let slot = self.slot(now);
        let entered = |place| Some(if calls(place, slot) == 0 { lap(slot) | 1 } else { place + 1 });
        let _ = self.place(slot).fetch_update(Ordering::Relaxed, Ordering::Relaxed, entered);
    }

    /// Takes one attempt out, if there is one and no throttle stops it.
    pub fn withdraw(&self, now: Instant) -> bool {
        self.throttle().is_none_or(Throttle::allows) && self.withdraw_unthrottled(now)
    }

    /// Takes one attempt out, if there is one, to repeat what no handler has seen: throttles are not for that.
    pub(crate) fn withdraw_unthrottled(&self, now: Instant) -> bool {
        let current = self.slot(now);
        let oldest = (current + 1).saturating_sub(SLOTS);
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        let mut next = if used.slot < oldest { Used { slot: oldest, parts: 0 } } else { *used };
        let mut missing = ATTEMPT;
        loop {
            let left = self.parts(next.slot, now).saturating_sub(next.parts);
            if left >= missing {
                next.parts += missing;
                *used = next;
                return true;
            }
            if next.slot >= current {
                return false;
            }
            missing -= left;
            next = Used { slot: next.slot + 1, parts: 0 };
        }
    }

    /// What was added in a slot, as far as its time has passed.
    fn parts(&self, slot: u64, now: Instant) -> u64 {
        let place = self.place(slot).load(Ordering::Relaxed);
        let elapsed_ns = self.elapsed_ns(now).saturating_sub(slot * self.slot_ns).min(self.slot_ns);
        calls(place, slot) * self.per_call + elapsed_ns * u64::from(self.per_second) / 1000
    }

    fn place(&self, slot: u64) -> &AtomicU64 {
        &self.places[(slot % SLOTS) as usize]
    }

    fn slot(&self, now: Instant) -> u64 {
        self.elapsed_ns(now) / self.slot_ns
    }

    fn elapsed_ns(&self, now: Instant) -> u64 {
        nanos(now.saturating_duration_since(self.begun))
    }
}

/// The calls in a place, unless they are those of another slot.
fn calls(place: u64, slot: u64) -> u64 {
    if place & !CALLS == lap(slot) { place & CALLS } else { 0 }
}

fn lap(slot: u64) -> u64 {
    slot << 32
}

fn nanos(duration: Duration) -> u64 {
    duration.as_secs() * 1_000_000_000 + u64::from(duration.subsec_nanos())
}

impl Default for Budget {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Budget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Budget")
            .field("ratio", &(self.per_call as f64 / ATTEMPT as f64))
            .field("min_per_second", &self.per_second)
            .field("ttl", &Duration::from_nanos(self.slot_ns * SLOTS))
            .field("throttle", &self.throttle)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
