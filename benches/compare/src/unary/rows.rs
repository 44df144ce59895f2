use super::variants::{
    FLOOR, OURS, OURS_ALONE, OURS_BARE, OURS_BEST, OURS_CURRENT, OURS_TWO, RAW, TONIC, TONIC_BEST,
    TONIC_BEST_MULTI, variant,
};
use super::{ALLOCATIONS_AT, LARGE, NAME, SMALL, TINY};
use crate::options::Options;
use crate::row::{Load, Row};

const ALL: &[&str] = &[
    RAW,
    OURS,
    OURS_BARE,
    OURS_ALONE,
    OURS_TWO,
    OURS_CURRENT,
    OURS_BEST,
    TONIC,
    TONIC_BEST_MULTI,
    TONIC_BEST,
    FLOOR,
];

/// What the goals are about, for a first look.
const QUICK: &[(usize, &[usize], &[&str])] = &[
    (TINY, &[1, 64, 256, 1024], &[RAW, OURS, OURS_ALONE, OURS_BEST, TONIC, TONIC_BEST_MULTI, TONIC_BEST]),
    (SMALL, &[64, 256, 1024], &[RAW, OURS, OURS_ALONE]),
    (LARGE, &[64], &[RAW, OURS]),
];

pub(super) fn rows(options: &Options) -> Vec<Row> {
    let all = [TINY, SMALL, LARGE].map(|payload| (payload, &[1, 16, 64, 256, 1024][..], ALL));
    let parts = if options.quick { QUICK } else { &all[..] };
    let loads = parts.iter().flat_map(|(payload, concurrency, variants)| {
        concurrency.iter().map(|concurrency| (*payload, *concurrency, *variants))
    });
    let rows = loads.map(|(payload, concurrency, names)| {
        let mut variants: Vec<_> = names.iter().map(|name| variant(name, options.quick)).collect();
        // They hardly depend on the payload; in a hurry only those are counted that there is a goal for.
        let counted = payload == TINY && !options.quick || (payload, concurrency) == ALLOCATIONS_AT;
        variants.iter_mut().for_each(|variant| variant.counts_allocations &= counted);
        Row {
            name: NAME.to_owned(),
            load: Load { payload, concurrency, warm_up: options.warm_up(), window: options.window() },
            rounds: options.rounds(),
            variants,
        }
    });
    rows.collect()
}
