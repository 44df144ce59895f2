use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// The window moves on by this part of itself.
const PERIODS: u64 = 10;
/// A slot is one word: the number of its period, then calls, then failures.
const COUNT_BITS: u32 = 18;
const FULL: u64 = (1 << COUNT_BITS) - 1;
/// Numbers of periods come again after so many: after four years with 500 ms each.
const NUMBERS: u64 = 1 << (64 - 2 * COUNT_BITS);

/// Calls of the last seconds, and how many of them failed. Counting is one exchange of a word, and nothing is ever
/// locked.
///
/// Times are durations since anything that stays the same.
pub(super) struct Window {
    slots: [AtomicU64; PERIODS as usize],
    /// In microseconds.
    period: u64,
}

/// What there is in a window.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) calls: u64,
    pub(super) failures: u64,
}

impl Window {
    pub(super) fn new(length: Duration) -> Self {
        Self { slots: Default::default(), period: (micros(length) / PERIODS).max(1) }
    }

    pub(super) fn record(&self, at: Duration, failed: bool) {
        let number = micros(at) / self.period;
        let count = |word| Some(counted(word, number % NUMBERS, failed));
        let slot = &self.slots[place(number)];
        // Never refuses.
        let _ = slot.fetch_update(Ordering::Relaxed, Ordering::Relaxed, count);
    }

    /// Begins anew. What is recorded meanwhile may go as well.
    pub(super) fn forget(&self) {
        self.slots.iter().for_each(|slot| slot.store(0, Ordering::Relaxed));
    }

    /// What was recorded in the time before `at`.
    pub(super) fn counts(&self, at: Duration) -> Counts {
        self.last(PERIODS, at)
    }

    /// The same for the last fifth of that time.
    pub(super) fn latest(&self, at: Duration) -> Counts {
        self.last(PERIODS / 5, at)
    }

    fn last(&self, periods: u64, at: Duration) -> Counts {
        let now = micros(at) / self.period;
        let recent = (now.saturating_sub(periods - 1)..=now).map(|number| {
            let word = self.slots[place(number)].load(Ordering::Relaxed);
            if number_of(word) == number % NUMBERS { counts_of(word) } else { Counts::default() }
        });
        recent.fold(Counts::default(), |sum, part| Counts {
            calls: sum.calls + part.calls,
            failures: sum.failures + part.failures,
        })
    }
}

/// A slot that is full counts no more: what matters is the ratio.
fn counted(word: u64, number: u64, failed: bool) -> u64 {
    let Counts { calls, failures } =
        if number_of(word) == number { counts_of(word) } else { Counts::default() };
    if calls == FULL {
        return word;
    }
    (number << (2 * COUNT_BITS)) | ((calls + 1) << COUNT_BITS) | (failures + u64::from(failed))
}

fn number_of(word: u64) -> u64 {
    word >> (2 * COUNT_BITS)
}

fn counts_of(word: u64) -> Counts {
    Counts { calls: (word >> COUNT_BITS) & FULL, failures: word & FULL }
}

fn place(number: u64) -> usize {
    usize::try_from(number % PERIODS).unwrap_or_default()
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::time::Duration;

    use proptest::prelude::*;

    use super::{Counts, FULL, Window};

    const LENGTH: Duration = Duration::from_secs(5);

    #[test]
    fn it_slides() {
        let window = Window::new(LENGTH);
        let at = Duration::from_millis;
        for n in 0..10 {
            window.record(at(n * 500), n % 2 == 0);
        }
        assert_eq!(window.counts(at(4_999)), Counts { calls: 10, failures: 5 });
        // The oldest period goes as a whole.
        assert_eq!(window.counts(at(5_000)), Counts { calls: 9, failures: 4 });
        assert_eq!(window.counts(at(9_499)), Counts { calls: 1, failures: 0 });
        assert_eq!(window.counts(at(9_500)), Counts::default());
    }

    #[test]
    fn what_is_forgotten_counts_no_more() {
        let window = Window::new(LENGTH);
        window.record(Duration::ZERO, true);
        window.record(Duration::from_millis(500), true);
        window.forget();
        assert_eq!(window.counts(Duration::from_millis(500)), Counts::default());
        window.record(Duration::from_millis(500), false);
        assert_eq!(window.counts(Duration::from_millis(500)), Counts { calls: 1, failures: 0 });
    }

    #[test]
    fn a_full_slot_keeps_its_ratio() {
        let window = Window::new(LENGTH);
        for n in 0..FULL + 1_000 {
            window.record(Duration::ZERO, n % 2 == 0);
        }
        assert_eq!(window.counts(Duration::ZERO), Counts { calls: FULL, failures: FULL / 2 + 1 });
    }

    #[test]
    fn threads_lose_nothing() {
        let window = Window::new(LENGTH);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..10_000).for_each(|n| window.record(Duration::ZERO, n % 4 == 0)));
            }
        });
        assert_eq!(window.counts(Duration::ZERO), Counts { calls: 40_000, failures: 10_000 });
    }

    proptest! {
        /// It counts what a list of all calls does that is cut at the same periods.
        #[test]
        fn it_counts_as_a_list_does(steps in prop::collection::vec((0_u64..1_500, any::<bool>()), 0..200)) {
            let (window, mut calls, mut now) = (Window::new(LENGTH), VecDeque::new(), 0);
            for (step, failed) in steps {
                now += step;
                window.record(Duration::from_millis(now), failed);
                calls.push_back((now / 500, failed));
                while calls.front().is_some_and(|(period, _)| period + 10 <= now / 500) {
                    calls.pop_front();
                }
                let failures = calls.iter().filter(|(_, failed)| *failed).count() as u64;
                let expected = Counts { calls: calls.len() as u64, failures };
                prop_assert_eq!(window.counts(Duration::from_millis(now)), expected);
            }
        }
    }
}
