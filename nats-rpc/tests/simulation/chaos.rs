//! What goes wrong in a run.

use std::sync::Arc;
use std::time::Duration;

use nats_rpc::transport::memory::{Client, Faults, Options, Subscriber};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tokio::task::JoinSet;

use crate::run::{HORIZON, Log};
use crate::world::World;

/// Somebody who listens in: NATS says of no subject that nobody is there.
pub(crate) struct Tap {
    _client: Client,
    _subscriber: Subscriber,
}

impl Tap {
    pub(crate) fn new(world: &World) -> Self {
        let client = world.broker.client(&Options::new().name("tap")).unwrap();
        let subscriber = client.subscribe("svc.>", None).unwrap();
        Self { _client: client, _subscriber: subscriber }
    }
}

/// A few things that go wrong, each at its time, and pass.
pub(crate) async fn break_things(world: Arc<World>, mut random: StdRng, log: Log) {
    let mut things = JoinSet::new();
    for _ in 0..random.random_range(0..8) {
        let at = HORIZON.mul_f64(random.random());
        let lasts = Duration::from_millis(random.random_range(20..4_000));
        let seed = random.random();
        let (world, log) = (Arc::clone(&world), log.clone());
        things.spawn(async move {
            tokio::time::sleep(at).await;
            one(&world, StdRng::seed_from_u64(seed), lasts, &log).await;
        });
    }
    things.join_all().await;
}

async fn one(world: &World, mut random: StdRng, lasts: Duration, log: &Log) {
    let broker = &world.broker;
    let name = world.any_name(&mut random);
    match random.random_range(0..8) {
        0 => {
            log.note(&format!("{name} is disconnected"));
            broker.disconnect(&name);
        }
        1 => {
            log.note(&format!("{name} is frozen for {lasts:?}"));
            broker.freeze(&name);
            tokio::time::sleep(lasts).await;
            broker.thaw(&name);
        }
        2 => {
            log.note(&format!("{name} is partitioned for {lasts:?}"));
            broker.partition(&name);
            tokio::time::sleep(lasts).await;
            broker.heal(&name);
        }
        3 => {
            let (one, other) = World::any_route(&mut random);
            log.note(&format!("the route from {one} to {other} is cut for {lasts:?}"));
            broker.cut_route(one, other);
            tokio::time::sleep(lasts).await;
            broker.heal_route(one, other);
        }
        4 => {
            log.note(&format!("the broker is stopped for {lasts:?}"));
            broker.stop();
            tokio::time::sleep(lasts).await;
            broker.start();
        }
        5 | 6 => {
            let server = &world.servers[random.random_range(0..world.servers.len())];
            log.note(&format!("{} is stopped, and started after {lasts:?}", server.name));
            server.stop().await;
            tokio::time::sleep(lasts).await;
            server.start().await;
        }
        _ => {
            let faults = faults(&mut random);
            log.note(&format!("for {lasts:?}: {faults:?}"));
            broker.add_faults(faults);
            tokio::time::sleep(lasts).await;
            broker.clear_faults();
        }
    }
}

fn faults(random: &mut StdRng) -> Faults {
    let pattern = [">", "svc.*.*.*", "svc.*.*._i.>", "_INBOX.>"][random.random_range(0..4)];
    let mut faults = Faults::new().on(pattern);
    if random.random_bool(0.6) {
        faults = faults.lose(random.random_range(0.0..0.5));
    }
    if random.random_bool(0.5) {
        let longest = Duration::from_millis(random.random_range(1..500));
        faults = faults
            .delay(random.random_range(0.0..1.0), Duration::ZERO..=longest)
            .reorder(random.random_bool(0.5));
    }
    // NATS doubles nothing. What travels with a handle or a token would not mind.
    if pattern == "_INBOX.>" || pattern == "svc.*.*._i.>" {
        faults = faults.duplicate(random.random_range(0.0..0.5));
    }
    faults
}
