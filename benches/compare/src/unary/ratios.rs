use super::variants::{OURS, OURS_ALONE, OURS_BEST, RAW, TONIC, TONIC_BEST, TONIC_BEST_MULTI};
use super::{ALLOCATIONS_AT, LARGE, NAME, SMALL, TINY};
use crate::report::ratios::Ratio;
use crate::results::{Key, Results};
use crate::sample::{ALLOCATIONS, CPU_US, P50_US, PER_SECOND};

/// Of a number of two variants.
struct Goal {
    figure: &'static str,
    variants: [&'static str; 2],
    number: &'static str,
    payloads: &'static [usize],
    /// With so many callers: at least so much, and better so much.
    limits: &'static [(usize, [f64; 2])],
    less_is_better: bool,
}

const RATE: Goal = Goal {
    figure: "unary / raw async-nats",
    variants: [OURS, RAW],
    number: PER_SECOND,
    payloads: &[TINY],
    limits: &[],
    less_is_better: false,
};
const USE: Goal = Goal { less_is_better: true, ..RATE };

const GOALS: &[Goal] = &[
    Goal {
        payloads: &[TINY, SMALL],
        limits: &[(64, [1.35, 3.0]), (256, [1.5, 5.0]), (1024, [1.35, 5.0])],
        ..RATE
    },
    Goal {
        figure: "unary without coalescing / raw async-nats",
        variants: [OURS_ALONE, RAW],
        payloads: &[TINY, SMALL],
        limits: &[(64, [1.3, 1.6]), (256, [1.4, 1.6]), (1024, [1.3, 1.6])],
        ..RATE
    },
    Goal { figure: "unary p50 / raw async-nats", number: P50_US, limits: &[(1, [1.0, 0.9])], ..USE },
    Goal { figure: "unary / tonic default", variants: [OURS, TONIC], limits: &[(256, [3.0, 10.0])], ..RATE },
    Goal {
        figure: "unary / tonic best multi-threaded",
        variants: [OURS, TONIC_BEST_MULTI],
        limits: &[(64, [2.0, 4.0]), (256, [2.8, 8.0]), (1024, [3.5, 10.0])],
        ..RATE
    },
    Goal {
        figure: "unary best / tonic best",
        variants: [OURS_BEST, TONIC_BEST],
        limits: &[(64, [1.4, 3.0]), (256, [2.2, 5.0]), (1024, [3.0, 10.0])],
        ..RATE
    },
    Goal { figure: "unary / tonic best", variants: [OURS, TONIC_BEST], limits: &[(1, [0.6, 0.7])], ..RATE },
    Goal {
        figure: "CPU per call / raw async-nats",
        number: CPU_US,
        limits: &[(64, [0.75, 0.4]), (256, [0.75, 0.4]), (1024, [0.75, 0.4])],
        ..USE
    },
    Goal {
        figure: "CPU per call / tonic best multi-threaded",
        variants: [OURS, TONIC_BEST_MULTI],
        number: CPU_US,
        limits: &[(64, [0.33, 0.15]), (256, [0.33, 0.15]), (1024, [0.33, 0.15])],
        ..USE
    },
    Goal { payloads: &[LARGE], limits: &[(64, [1.0, 1.2])], ..RATE },
];

pub(super) fn ratios(results: &Results) -> Vec<Ratio> {
    let mut ratios: Vec<_> = GOALS.iter().flat_map(|goal| goal.ratios(results)).collect();
    let (payload, concurrency) = ALLOCATIONS_AT;
    let key = Key { row: NAME, payload, concurrency };
    let allocations = results.find(key, OURS).and_then(|outcome| outcome.spread(ALLOCATIONS));
    ratios
        .extend(allocations.map(|spread| {
            Ratio::less(format!("allocations per call, {}", key.load()), spread, [18.0, 10.0])
        }));
    ratios
}

impl Goal {
    fn ratios(&self, results: &Results) -> impl Iterator<Item = Ratio> {
        let cases =
            self.payloads.iter().flat_map(|payload| self.limits.iter().map(|limit| (*payload, limit)));
        cases.filter_map(|(payload, (concurrency, limits))| {
            let key = Key { row: NAME, payload, concurrency: *concurrency };
            let spread = results.ratio(key, self.variants, self.number)?;
            let ratio = if self.less_is_better { Ratio::less } else { Ratio::more };
            Some(ratio(format!("{}, {}", self.figure, key.load()), spread, *limits))
        })
    }
}
