//! All instances trip at once, a thousand times.

use std::time::Duration;

use nats_rpc::server::{Ejection, Standing};
use nats_rpc::transport::memory::{Faults, Options};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tokio::time::Instant;

use crate::calls::{Calls, assert_none_lost, burst};
use crate::work::Mood;
use crate::world::{World, run_paused};

const SEEDS: u64 = 1_000;
/// So long it takes, at most, until one more has left.
const ROUND: Duration = Duration::from_secs(2);

/// What a run does to the messages of the group.
#[derive(Clone, Copy)]
enum Loss {
    None,
    /// So many of them.
    Some(f64),
    All,
}

async fn world(random: &mut StdRng, seed: u64, count: usize) -> World {
    let places: Vec<Options> = (0..count)
        .map(|_| {
            let latency = Duration::from_millis(random.random_range(0..=20));
            Options::new().latency(latency).jitter(latency / 2)
        })
        .collect();
    let world = World::with(seed, places.into_iter(), Ejection::new()).await;
    let moods = [Mood::Fails, Mood::Panics];
    let mood = moods[random.random_range(0..2)];
    world.instances.iter().for_each(|instance| instance.worker.feels(mood));
    world
}

/// Lets messages between instances get lost: what is said in the group, and the answers to it.
fn lose(world: &World, share: f64) {
    for from in &world.instances {
        for to in &world.instances {
            world.broker.add_faults(Faults::new().from(&from.name).to(&to.name).lose(share));
        }
    }
}

async fn trip(seed: u64, count: usize, loss: Loss) {
    let mut random = StdRng::seed_from_u64(seed);
    let world = world(&mut random, seed, count).await;
    match loss {
        Loss::None => {}
        Loss::Some(share) => lose(&world, share),
        Loss::All => lose(&world, 1.0),
    }
    let mut watch = world.watch(Duration::from_millis(10));
    let begin = Instant::now();
    assert_none_lost(&burst(&world.channel, 40 * count).await);
    let calls = Calls::every(Duration::from_millis(50), world.channel.clone());
    // One round more than it takes until half have left.
    while begin.elapsed() < ROUND * u32::try_from(count / 2 + 1).unwrap() {
        assert!(world.count(Standing::Serving) >= 1, "nobody stays");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(watch.emptied().await, None, "nobody is subscribed");
    assert_none_lost(&calls.since(begin));
    match loss {
        // Half of the group, rounded up, has to stay. The others could leave.
        Loss::None => assert_eq!(world.count(Standing::Serving), count.div_ceil(2)),
        Loss::Some(_) => {}
        Loss::All => assert_eq!(world.count(Standing::Serving), count),
    }
}

/// Tries all seeds on two threads, or the one of `NATS_RPC_SEED`.
fn try_seeds(seeds: u64, count: usize, loss: Loss) {
    let one =
        std::env::var("NATS_RPC_SEED").ok().map(|seed| seed.parse().expect("NATS_RPC_SEED is a number"));
    let seeds: Vec<u64> = one.map_or_else(|| (0..seeds).collect(), |seed| vec![seed]);
    std::thread::scope(|scope| {
        for part in seeds.chunks(seeds.len().div_ceil(2)) {
            scope.spawn(move || {
                for seed in part {
                    let tried = std::panic::catch_unwind(|| run_paused(trip(*seed, count, loss)));
                    assert!(tried.is_ok(), "seed {seed} failed: NATS_RPC_SEED={seed} replays it");
                }
            });
        }
    });
}

#[test]
fn two_that_trip_together_never_empty_the_group() {
    try_seeds(SEEDS, 2, Loss::None);
}

#[test]
fn nor_do_three() {
    try_seeds(SEEDS, 3, Loss::None);
}

#[test]
fn nor_do_five() {
    try_seeds(SEEDS / 10, 5, Loss::None);
}

#[test]
fn nor_do_those_whose_announcements_are_lost() {
    for share in [0.1, 0.5] {
        try_seeds(SEEDS / 10, 2, Loss::Some(share));
        try_seeds(SEEDS / 10, 3, Loss::Some(share));
    }
}

/// Who hears of nobody leaves nobody alone.
#[test]
fn all_stay_when_all_is_lost() {
    try_seeds(SEEDS / 20, 3, Loss::All);
}
