use std::sync::atomic::{AtomicU32, Ordering};

/// Buckets per power of two, as a power of two: a bucket is at most a 32nd of its values wide.
const PRECISION: u32 = 5;
const PER_POWER: u64 = 1 << PRECISION;
/// What takes longer than 67 s is counted as 67 s.
const LARGEST: u64 = (1 << 26) - 1;
const BUCKETS: usize = index(LARGEST) + 1;

/// A sample counts so much, so that it fades over several halvings instead of vanishing in one.
pub(super) const SAMPLE: u32 = 64;

/// How often calls took how long, in microseconds: of fixed size, and recorded without a lock.
///
/// Buckets are log-linear as in `HdrHistogram`: one for each value up to 64, then twice as wide with every power of two. So
/// a percentile is at most 3.2 % above the value that was recorded, and never below it.
pub(super) struct Histogram([AtomicU32; BUCKETS]);

impl Histogram {
    pub(super) fn new() -> Self {
        Self([const { AtomicU32::new(0) }; BUCKETS])
    }

    pub(super) fn record(&self, micros: u64) {
        self.0[index(micros.min(LARGEST))].fetch_add(SAMPLE, Ordering::Relaxed);
    }

    /// Halves what every sample counts, so many times. What is recorded meanwhile is kept.
    pub(super) fn halve(&self, times: u32) {
        for bucket in &self.0 {
            let count = bucket.load(Ordering::Relaxed);
            if count != 0 {
                bucket.fetch_sub(count - count.checked_shr(times).unwrap_or(0), Ordering::Relaxed);
            }
        }
    }

    /// What all samples count together.
    pub(super) fn total(&self) -> u64 {
        self.0.iter().map(|bucket| u64::from(bucket.load(Ordering::Relaxed))).sum()
    }

    /// The value that samples which count `rank` together do not exceed. `None`: there are not so many.
    pub(super) fn at(&self, rank: u64) -> Option<u64> {
        let mut below = 0;
        let bucket = self.0.iter().position(|bucket| {
            below += u64::from(bucket.load(Ordering::Relaxed));
            below >= rank
        });
        bucket.map(highest)
    }
}

/// The bucket of a value.
const fn index(value: u64) -> usize {
    let shift = (u64::BITS - value.leading_zeros()).saturating_sub(PRECISION + 1);
    (shift as u64 * PER_POWER + (value >> shift)) as usize
}

/// The largest value of a bucket.
const fn highest(bucket: usize) -> u64 {
    let bucket = bucket as u64;
    if bucket < 2 * PER_POWER {
        return bucket;
    }
    let shift = bucket / PER_POWER - 1;
    ((bucket % PER_POWER + PER_POWER + 1) << shift) - 1
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::{Strategy, any, prop_assert, prop_assert_eq, prop_oneof, proptest};

    use super::{BUCKETS, Histogram, LARGEST, SAMPLE, highest, index};

    fn percentile(histogram: &Histogram, percent: u8) -> u64 {
        let rank = (histogram.total() * u64::from(percent)).div_ceil(100);
        histogram.at(rank).expect("there are samples")
    }

    fn micros() -> impl Strategy<Value = u64> {
        prop_oneof![0..200_u64, 0..100_000_u64, 0..=LARGEST, any::<u64>()]
    }

    proptest! {
        /// Against what sorting all samples gives.
        #[test]
        fn a_percentile_is_what_was_recorded_or_up_to_a_32nd_more(
            mut samples in vec(micros(), 1..400),
            percent in 1..=100_u8,
        ) {
            let histogram = Histogram::new();
            samples.iter().for_each(|sample| histogram.record(*sample));
            samples.sort_unstable();
            let exact = samples[(samples.len() * usize::from(percent)).div_ceil(100) - 1].min(LARGEST);
            let given = percentile(&histogram, percent);
            prop_assert!(given >= exact && given - exact <= exact / 32, "{} for {}", given, exact);
        }

        #[test]
        fn a_value_is_in_a_bucket_that_ends_where_the_next_one_begins(value in 0..=LARGEST) {
            let bucket = index(value);
            prop_assert!(bucket < BUCKETS && value <= highest(bucket));
            prop_assert!(bucket == 0 || highest(bucket - 1) < value);
            prop_assert_eq!(index(highest(bucket)), bucket);
        }

        #[test]
        fn halving_changes_no_percentile_of_what_was_recorded_before(
            samples in vec(micros(), 100..200),
            percent in 1..=100_u8,
        ) {
            let histogram = Histogram::new();
            samples.iter().for_each(|sample| histogram.record(*sample));
            let before = percentile(&histogram, percent);
            histogram.halve(3);
            prop_assert_eq!(percentile(&histogram, percent), before);
        }
    }

    #[test]
    fn nothing_that_threads_record_at_once_is_lost() {
        let histogram = Histogram::new();
        std::thread::scope(|scope| {
            for thread in 0..4_u64 {
                let histogram = &histogram;
                scope.spawn(move || (0..5000).for_each(|n| histogram.record(n % 7 + thread)));
            }
        });
        assert_eq!(histogram.total(), 20_000 * u64::from(SAMPLE));
        assert_eq!(histogram.at(histogram.total()), Some(9));
    }

    #[test]
    fn what_is_newer_counts_more() {
        let histogram = Histogram::new();
        assert_eq!((histogram.total(), histogram.at(1)), (0, None));
        (0..200).for_each(|_| histogram.record(1000));
        histogram.halve(1);
        assert_eq!(histogram.total(), 100 * u64::from(SAMPLE));
        // 10 of 110.
        (0..10).for_each(|_| histogram.record(9000));
        assert!(percentile(&histogram, 90) < 1032 && percentile(&histogram, 95) >= 9000);
        histogram.halve(200);
        assert_eq!((histogram.total(), histogram.at(1)), (0, None));
    }
}
