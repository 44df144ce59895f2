use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// A first poll that takes longer holds up the calls behind it for longer than spawning costs.
const SLOW: Duration = Duration::from_micros(200);
/// A slow one among so many is not yet the handler's fault: the operating system may have taken the processor away.
const WATCHED: u32 = 64;
/// After the second one so many calls are spawned at once, before a first poll is tried again.
const SPAWNED: u32 = 1024;

/// Whether the handlers of a method are polled where their calls are read, which saves a task for those that are ready
/// at once.
///
/// Counts are kept by the reader alone; of two that count at once one may get lost, which does no harm.
#[derive(Default)]
pub(super) struct FirstPolls {
    /// So many calls are still spawned.
    spawned: AtomicU32,
    /// Another slow one among so many polls is too much.
    watched: AtomicU32,
}

impl FirstPolls {
    /// Whether the next handler may be polled here.
    pub(super) fn next(&self) -> bool {
        let spawned = self.spawned.load(Ordering::Relaxed);
        if spawned > 0 {
            self.spawned.store(spawned - 1, Ordering::Relaxed);
        }
        spawned == 0
    }

    /// One was polled, and took so long.
    pub(super) fn took(&self, time: Duration) {
        let watched = self.watched.load(Ordering::Relaxed);
        if time <= SLOW {
            if watched > 0 {
                self.watched.store(watched - 1, Ordering::Relaxed);
            }
        } else if watched > 0 {
            self.watched.store(0, Ordering::Relaxed);
            self.spawned.store(SPAWNED, Ordering::Relaxed);
        } else {
            self.watched.store(WATCHED, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{FirstPolls, SLOW, SPAWNED, WATCHED};

    const QUICK: Duration = Duration::from_micros(5);
    const LONG: Duration = Duration::from_millis(1);

    fn spawned(polls: &FirstPolls) -> usize {
        std::iter::repeat_with(|| polls.next()).take_while(|here| !here).count()
    }

    #[test]
    fn the_second_slow_one_of_a_few_is_too_much() {
        let polls = FirstPolls::default();
        for time in [LONG, SLOW, QUICK] {
            polls.took(time);
            assert!(polls.next());
        }
        polls.took(LONG);
        assert_eq!(spawned(&polls), SPAWNED as usize);
        // Then it is tried again as at first.
        polls.took(LONG);
        assert_eq!(spawned(&polls), 0);
        polls.took(LONG);
        assert_eq!(spawned(&polls), SPAWNED as usize);
    }

    #[test]
    fn one_that_is_held_up_now_and_then_is_not() {
        let polls = FirstPolls::default();
        for _ in 0..100 {
            polls.took(LONG);
            (0..WATCHED).for_each(|_| polls.took(QUICK));
            assert_eq!(spawned(&polls), 0);
        }
    }
}
