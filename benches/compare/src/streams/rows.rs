use super::{Flow, Role, Side};
use crate::options::Options;
use crate::report::ratios::Ratio;
use crate::results::{Key, Results};
use crate::row::{Load, Row, Setup, Variant};
use crate::sample;
use crate::stack::Stack;
use crate::worker;

const READY: &str = "stream, items ready";
const CHANNEL: &str = "stream, items from a channel";
const BIDI: &str = "bidi stream";

const OURS: &str = "nats-rpc";
const OURS_BYTES: &str = "nats-rpc, bytes";
const RAW: &str = "raw async-nats";
const RAW_BYTES: &str = "raw async-nats, bytes";
const TONIC: &str = "tonic";

// Sizes of items.
const SMALL: usize = 128;
const MEDIUM: usize = 4 << 10;
const LARGE: usize = 16 << 10;

/// Rows and who takes part in them. That payloads are copied is felt with large ones only.
const ALL: &[(&str, usize, &[&str])] = &[
    (READY, SMALL, &[OURS, RAW, TONIC]),
    (READY, MEDIUM, &[OURS, RAW, TONIC]),
    (READY, LARGE, &[OURS, OURS_BYTES, RAW, RAW_BYTES, TONIC]),
    (CHANNEL, SMALL, &[OURS, TONIC]),
    (CHANNEL, MEDIUM, &[OURS, TONIC]),
    (CHANNEL, LARGE, &[OURS, TONIC]),
    (BIDI, SMALL, &[OURS, RAW, TONIC]),
    (BIDI, MEDIUM, &[OURS, RAW, TONIC]),
    (BIDI, LARGE, &[OURS, RAW, TONIC]),
];

/// What there are goals for.
const GOALS: &[(&str, usize, &[&str])] = &[
    (READY, SMALL, &[OURS, RAW, TONIC]),
    (READY, MEDIUM, &[OURS, TONIC]),
    (READY, LARGE, &[OURS_BYTES, RAW_BYTES]),
    (CHANNEL, SMALL, &[OURS, TONIC]),
    (CHANNEL, MEDIUM, &[OURS, TONIC]),
];

pub(super) fn rows(options: &Options) -> Vec<Row> {
    let rows = if options.goals_only() { GOALS } else { ALL };
    let rows = rows.iter().map(|&(row, payload, variants)| Row {
        name: row.to_owned(),
        load: Load { payload, concurrency: 1, warm_up: options.warm_up(), window: options.window() },
        rounds: options.rounds(),
        variants: variants.iter().map(|name| variant(row, name)).collect(),
    });
    rows.collect()
}

fn variant(row: &str, name: &'static str) -> Variant {
    let stack = match name {
        OURS | OURS_BYTES => Stack::Ours,
        RAW | RAW_BYTES => Stack::Raw,
        _ => Stack::Tonic,
    };
    let flow = match (row, name) {
        (_, OURS_BYTES | RAW_BYTES) => Flow::Chunks,
        (READY, _) => Flow::Ready,
        (CHANNEL, _) => Flow::Channel,
        _ => Flow::Mirror,
    };
    let role = |side| worker::Role::Streams(Role { side, stack, flow });
    let setup = Setup { name: String::new(), servers: vec![role(Side::Server)], client: role(Side::Client) };
    Variant { name, setups: vec![setup], counts_allocations: false }
}

pub(super) fn ratios(results: &Results) -> Vec<Ratio> {
    let ratio = |figure: &str, (row, payload), variants, limits| {
        let key = Key { row, payload, concurrency: 1 };
        Some(Ratio::more(figure, results.ratio(key, variants, sample::PER_SECOND)?, limits))
    };
    let to_tonic = [OURS, TONIC];
    let ratios = [
        ratio("stream of 128 B items, ready / tonic", (READY, SMALL), to_tonic, [0.55, 1.2]),
        ratio("stream of 128 B items, from a channel / tonic", (CHANNEL, SMALL), to_tonic, [0.55, 1.2]),
        ratio("stream of 128 B items / raw publish-subscribe", (READY, SMALL), [OURS, RAW], [2.5, 4.5]),
        ratio("stream of 4 KiB items, ready / tonic", (READY, MEDIUM), to_tonic, [0.5, 0.7]),
        ratio("stream of 4 KiB items, from a channel / tonic", (CHANNEL, MEDIUM), to_tonic, [0.5, 0.7]),
        ratio(
            "stream of 16 KiB items, bytes / raw publish-subscribe",
            (READY, LARGE),
            [OURS_BYTES, RAW_BYTES],
            [0.9, 1.0],
        ),
    ];
    ratios.into_iter().flatten().collect()
}
