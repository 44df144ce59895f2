use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::Instant;

use super::histogram::{Histogram, SAMPLE};

/// What was observed counts half after this time, and half of that after as long again.
const HALF_LIFE: Duration = Duration::from_secs(10);
/// A percentile of fewer samples is a guess.
const SAMPLES: u64 = 100;
/// No answer counts as late before the percentile, but after so many times the median each does: an instance that hangs
/// would move the percentile, and what is late, up to the deadline.
const AT_MOST: u64 = 10;
/// The percentile is looked up again after so many samples.
const REFRESH: u64 = 32;
/// Hedging stops above this ratio of failures, in percent, once there were so many attempts.
const FAILING_PERCENT: u64 = 10;
const FAILING_OF: u64 = 20;

/// How the latest attempts at a method went: how long they took, and how many failed.
pub(super) struct Observed {
    start: Instant,
    /// In milliseconds after the start.
    halves_at: AtomicU64,
    latencies: Histogram,
    /// Both as sums of what each sample counts.
    attempts: AtomicU64,
    failures: AtomicU64,
    recorded: AtomicU64,
    percent: u8,
    /// The percentile, within limits, in microseconds; 0: not known.
    delay: AtomicU64,
}

impl Observed {
    pub(super) fn new(percent: u8, now: Instant) -> Self {
        Self {
            start: now,
            halves_at: AtomicU64::new(millis(HALF_LIFE)),
            latencies: Histogram::new(),
            attempts: AtomicU64::new(0),
            failures: AtomicU64::new(0),
            recorded: AtomicU64::new(0),
            percent,
            delay: AtomicU64::new(0),
        }
    }

    /// An attempt was answered after so long.
    pub(super) fn answered(&self, took: Duration, now: Instant) {
        self.fade(now);
        self.attempts.fetch_add(SAMPLE.into(), Ordering::Relaxed);
        self.record(took);
    }

    /// An attempt was answered with a failure that is not the caller's fault.
    pub(super) fn failed(&self, now: Instant) {
        self.fade(now);
        self.attempts.fetch_add(SAMPLE.into(), Ordering::Relaxed);
        self.failures.fetch_add(SAMPLE.into(), Ordering::Relaxed);
    }

    /// An attempt was cut off after so long: another one had won, its time was over, or nobody wanted the answer any
    /// more.
    ///
    /// All that is known is that it takes longer. Where that is longer than the delay it counts: without those that lose
    /// to their hedges, the delay would fall and fall.
    pub(super) fn cut_off(&self, after: Duration, now: Instant) {
        if self.delay().is_some_and(|delay| after >= delay) {
            self.fade(now);
            self.record(after);
        }
    }

    /// The time after which an answer is late. `None`: too few were observed.
    pub(super) fn delay(&self) -> Option<Duration> {
        let micros = self.delay.load(Ordering::Relaxed);
        (micros != 0).then(|| Duration::from_micros(micros))
    }

    /// Whether so many attempts fail that more of them would not help.
    pub(super) fn is_failing(&self) -> bool {
        let attempts = self.attempts.load(Ordering::Relaxed);
        let failures = self.failures.load(Ordering::Relaxed);
        attempts >= FAILING_OF * u64::from(SAMPLE) && failures * 100 > attempts * FAILING_PERCENT
    }

    fn record(&self, took: Duration) {
        self.latencies.record(u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
        let recorded = self.recorded.fetch_add(1, Ordering::Relaxed) + 1;
        if recorded.is_multiple_of(REFRESH) || recorded == SAMPLES {
            self.refresh();
        }
    }

    fn refresh(&self) {
        let total = self.latencies.total();
        let late = (total >= SAMPLES * u64::from(SAMPLE))
            .then(|| self.latencies.at((total * u64::from(self.percent)).div_ceil(100)))
            .flatten();
        // Those that were cut off are later than nearly all answers.
        let failures = self.failures.load(Ordering::Relaxed);
        let answers = self.attempts.load(Ordering::Relaxed).saturating_sub(failures);
        let median = self.latencies.at(answers.div_ceil(2));
        let delay = late.zip(median).map(|(late, median)| late.min(median * AT_MOST).max(1));
        self.delay.store(delay.unwrap_or(0), Ordering::Relaxed);
    }

    /// Lets what is old count less. One of those that come at the same time does it.
    fn fade(&self, now: Instant) {
        let now = millis(now.saturating_duration_since(self.start));
        let due = self.halves_at.load(Ordering::Relaxed);
        if now < due {
            return;
        }
        let next = now + millis(HALF_LIFE);
        if self.halves_at.compare_exchange(due, next, Ordering::Relaxed, Ordering::Relaxed).is_err() {
            return;
        }
        let times = u32::try_from(1 + (now - due) / millis(HALF_LIFE)).unwrap_or(u32::MAX);
        self.latencies.halve(times);
        for sum in [&self.attempts, &self.failures] {
            let count = sum.load(Ordering::Relaxed);
            sum.fetch_sub(count - count.checked_shr(times).unwrap_or(0), Ordering::Relaxed);
        }
        self.refresh();
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::Instant;

    use super::{HALF_LIFE, Observed};

    const MS: Duration = Duration::from_millis(1);

    /// 1 to 100 ms, evenly.
    fn hundred(observed: &Observed, now: Instant) {
        (1..=100).for_each(|n| observed.answered(MS * n, now));
    }

    fn about(given: Option<Duration>, wanted: Duration) {
        let given = given.expect("there are enough samples");
        assert!(given >= wanted && given <= wanted * 33 / 32, "{given:?} for {wanted:?}");
    }

    #[test]
    fn the_percentile_is_known_from_100_samples_on() {
        let now = Instant::now();
        let observed = Observed::new(95, now);
        (1..100).for_each(|n| observed.answered(MS * n, now));
        assert_eq!(observed.delay(), None);
        observed.answered(MS * 100, now);
        about(observed.delay(), MS * 95);
    }

    #[test]
    fn it_follows_what_the_service_does_now() {
        let now = Instant::now();
        let observed = Observed::new(50, now);
        (0..8).for_each(|_| hundred(&observed, now));
        about(observed.delay(), MS * 50);
        let later = now + 4 * HALF_LIFE;
        (0..400).for_each(|_| observed.answered(MS, later));
        about(observed.delay(), MS);
    }

    #[test]
    fn what_is_old_is_forgotten() {
        let now = Instant::now();
        let observed = Observed::new(95, now);
        hundred(&observed, now);
        observed.answered(MS, now + HALF_LIFE);
        assert_eq!(observed.delay(), None);
        (0..200).for_each(|_| observed.failed(now + HALF_LIFE));
        assert!(observed.is_failing());
        observed.answered(MS, now + 1000 * HALF_LIFE);
        assert!(!observed.is_failing());
    }

    #[test]
    fn those_that_lose_keep_the_percentile_up() {
        let now = Instant::now();
        let observed = Observed::new(95, now);
        hundred(&observed, now);
        for _ in 0..64 {
            (1..=95).for_each(|n| observed.answered(MS * n, now));
            (0..5).for_each(|_| observed.cut_off(MS * 98, now));
        }
        about(observed.delay(), MS * 95);
        // Those that were given up early say nothing.
        (0..10_000).for_each(|_| observed.cut_off(MS, now));
        about(observed.delay(), MS * 95);
    }

    #[test]
    fn an_instance_that_hangs_moves_it_to_ten_times_the_median_at_most() {
        let now = Instant::now();
        let observed = Observed::new(95, now);
        for _ in 0..200 {
            (1..=19).for_each(|n| observed.answered(MS * n, now));
            (0..10).for_each(|_| observed.cut_off(MS * 5000, now));
        }
        about(observed.delay(), MS * 100);
    }

    #[test]
    fn it_fails_when_more_than_a_tenth_does() {
        let now = Instant::now();
        let observed = Observed::new(95, now);
        (0..10).for_each(|_| observed.failed(now));
        assert!(!observed.is_failing(), "of 10 nothing is known");
        (0..90).for_each(|_| observed.answered(MS, now));
        assert!(!observed.is_failing(), "10 of 100");
        observed.failed(now);
        assert!(observed.is_failing(), "11 of 101");
    }
}
