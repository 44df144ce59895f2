//! Which calls a run makes.

use std::time::Duration;

use nats_rpc::Kind;
use rand::RngExt;
use rand::rngs::StdRng;

use crate::run::HORIZON;
use crate::script::{End, GivesUp, Handling, Pace, Script, Sending};

pub(crate) fn scripts(clients: usize, random: &mut StdRng) -> Vec<Script> {
    let count = random.random_range(2..16);
    (0..count).map(|id| script(id, clients, random)).collect()
}

fn script(id: usize, clients: usize, random: &mut StdRng) -> Script {
    let kind = match random.random_range(0..10) {
        0..=1 => Kind::Unary,
        2..=3 => Kind::ClientStreaming,
        4..=5 => Kind::ServerStreaming,
        _ => Kind::BidiStreaming,
    };
    let streams = |of: [Kind; 2]| of.contains(&kind);
    let streams_requests = streams([Kind::ClientStreaming, Kind::BidiStreaming]);
    let mut requests = sending(streams_requests, random);
    let mut responses = sending(streams([Kind::ServerStreaming, Kind::BidiStreaming]), random);
    responses.end = match random.random_range(0..20) {
        0..=1 => End::Fails,
        2 => End::Panics,
        3 => End::Never,
        _ => End::Well,
    };
    let reads = random.random_range(0..=requests.sizes.len());
    let mut handling = match random.random_range(0..10) {
        _ if !streams_requests => Handling::ReadsFirst,
        0..=2 => Handling::ReadsFirst,
        3..=5 => Handling::Echoes,
        6..=7 => Handling::InTask,
        8 => Handling::Drops(reads),
        _ => Handling::Holds(reads),
    };
    if matches!(handling, Handling::Drops(_)) && random.random_bool(0.5) {
        // It goes on for long after it has stopped reading, and there is more than a window.
        handling = Handling::Drops(random.random_range(0..3));
        requests = Sending { sizes: sizes(random, 8..60, 1_000..20_000), pace: Pace::None, end: End::Well };
        responses.pace = Pace::Once(0, millis(random, 100..4_000));
    }
    let begins = HORIZON.mul_f64(random.random());
    let mut script = Script {
        id,
        kind,
        idempotent: random.random_bool(0.5),
        client: random.random_range(0..clients),
        begins,
        timeout: timeout(random),
        gives_up: None,
        reading: pace(responses.sizes.len(), random),
        requests,
        // Who echoes or stands still does not take them all before its responses are read.
        half_duplex: !matches!(handling, Handling::Echoes | Handling::Holds(_)) && random.random_bool(0.3),
        handling,
        head: random.random_bool(0.5),
        responses,
    };
    script.half_duplex &= script.requests.end != End::Never;
    if script.hangs() && script.timeout.is_none() || random.random_bool(0.15) {
        let after = millis(random, 0..4_000).mul_f64(random.random());
        script.gives_up = Some(GivesUp::After(after));
    } else if random.random_bool(0.1) {
        script.gives_up = Some(GivesUp::AfterMessages(random.random_range(0..=script.responses.sizes.len())));
    }
    script
}

fn timeout(random: &mut StdRng) -> Option<Duration> {
    match random.random_range(0..10) {
        0 => Some(millis(random, 5..100)),
        1 => Some(millis(random, 100..1_000)),
        2..=4 => Some(millis(random, 1_000..12_000)),
        _ => None,
    }
}

fn sending(streams: bool, random: &mut StdRng) -> Sending {
    if !streams {
        let sizes = vec![size(random)];
        return Sending { pace: pace(0, random), sizes, end: End::Well };
    }
    let sizes: Vec<usize> = match random.random_range(0..10) {
        0 => Vec::new(),
        1..=3 => sizes(random, 1..10, 0..200),
        4..=5 => sizes(random, 50..300, 0..64),
        6 => sizes(random, 1..20, 0..1),
        7 if random.random_bool(0.3) => sizes(random, 8..60, 1_000..20_000),
        7 => sizes(random, 1..8, 1_000..20_000),
        8 => sizes(random, 1..5, 20_000..100_000),
        _ => (0..random.random_range(1..6)).map(|_| size(random)).collect(),
    };
    let end = match random.random_range(0..20) {
        0 => End::Fails,
        1 => End::Panics,
        2 => End::Never,
        _ => End::Well,
    };
    Sending { pace: pace(sizes.len(), random), sizes, end }
}

fn sizes(random: &mut StdRng, count: std::ops::Range<usize>, size: std::ops::Range<usize>) -> Vec<usize> {
    (0..random.random_range(count)).map(|_| random.random_range(size.clone())).collect()
}

/// Anything from nothing to what is more than a frame and more than a limit.
fn size(random: &mut StdRng) -> usize {
    match random.random_range(0..20) {
        0..=1 => 0,
        2..=9 => random.random_range(1..300),
        10..=14 => random.random_range(300..20_000),
        15..=18 => random.random_range(20_000..100_000),
        _ => random.random_range(100_000..1_500_000),
    }
}

fn pace(count: usize, random: &mut StdRng) -> Pace {
    let at = random.random_range(0..=count);
    match random.random_range(0..20) {
        0..=7 => Pace::None,
        8..=9 => Pace::Each(millis(random, 1..1_000) / (count as u32 + 1)),
        10..=13 => Pace::Each(millis(random, 1_000..10_000) / (count as u32 + 1)),
        14..=15 => Pace::Once(at, millis(random, 1..100)),
        16..=18 => Pace::Once(at, millis(random, 100..6_000)),
        _ => Pace::Once(at, millis(random, 20_000..70_000)),
    }
}

fn millis(random: &mut StdRng, range: std::ops::Range<u64>) -> Duration {
    Duration::from_millis(random.random_range(range))
}
