use std::time::Instant;

const SECONDS: u64 = 10;

/// How calls ended in the last ten seconds: exact counts, one bucket for each second.
///
/// It takes as much room and as much work for a million calls as for one, and it slides whatever its rate.
#[derive(Debug, Clone, Copy)]
pub(super) struct Window {
    start: Instant,
    buckets: [Bucket; SECONDS as usize],
}

#[derive(Debug, Clone, Copy, Default)]
struct Bucket {
    /// Which second since the start it counts.
    second: u64,
    successes: u32,
    failures: u32,
}

/// What a window has counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) failures: u64,
    /// Failures and successes.
    pub(super) calls: u64,
}

impl Window {
    pub(super) fn new(start: Instant) -> Self {
        Self { start, buckets: [Bucket::default(); SECONDS as usize] }
    }

    pub(super) fn success(&mut self, now: Instant) {
        let bucket = self.bucket(now);
        bucket.successes = bucket.successes.saturating_add(1);
    }

    pub(super) fn failure(&mut self, now: Instant) {
        let bucket = self.bucket(now);
        bucket.failures = bucket.failures.saturating_add(1);
    }

    /// What was counted in this second and the nine before it.
    pub(super) fn counts(&self, now: Instant) -> Counts {
        let second = self.second(now);
        let recent = self.buckets.iter().filter(|bucket| bucket.second + SECONDS > second);
        recent.fold(Counts { failures: 0, calls: 0 }, |sum, bucket| {
            let failures = u64::from(bucket.failures);
            Counts {
                failures: sum.failures + failures,
                calls: sum.calls + failures + u64::from(bucket.successes),
            }
        })
    }

    fn bucket(&mut self, now: Instant) -> &mut Bucket {
        let second = self.second(now);
        let bucket = &mut self.buckets[(second % SECONDS) as usize];
        // Whoever looked at the clock first may come here last: nothing newer is wiped out for it.
        if bucket.second < second {
            *bucket = Bucket { second, ..Bucket::default() };
        }
        bucket
    }

    fn second(&self, now: Instant) -> u64 {
        now.saturating_duration_since(self.start).as_secs()
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::{Counts, Window};

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_second_is_forgotten_after_ten() {
        let start = Instant::now();
        let mut window = Window::new(start);
        for second in 0..1000 {
            let now = start + SECOND * second;
            window.success(now);
            window.failure(now);
            window.failure(now);
            let seconds = u64::from(second + 1).min(10);
            assert_eq!(window.counts(now), Counts { failures: 2 * seconds, calls: 3 * seconds });
        }
        let last = start + SECOND * 999;
        assert_eq!(window.counts(last + SECOND * 9), Counts { failures: 2, calls: 3 });
        assert_eq!(window.counts(last + SECOND * 10), Counts { failures: 0, calls: 0 });
    }

    #[test]
    fn a_late_comer_wipes_nothing_out() {
        let start = Instant::now();
        let mut window = Window::new(start);
        window.failure(start + SECOND * 10);
        window.success(start);
        assert_eq!(window.counts(start + SECOND * 10), Counts { failures: 1, calls: 2 });
    }
}
