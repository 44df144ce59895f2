//! One run, from its seed to its ledger.

use std::sync::Arc;
use std::time::Duration;

use nats_rpc::Channel;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::ledger::{Book, Call, Ledger};
use crate::probe::{Job, Order, ProbeClient, answer};
use crate::simulation_support::chaos::break_things;
use crate::simulation_support::log::Log;
use crate::simulation_support::scene::Scene;
use crate::simulation_support::seeds;
use crate::simulation_support::tap::Tap;
use crate::{calls, world};

/// Calls are made and things go wrong for so long.
pub(crate) const HORIZON: Duration = Duration::from_secs(12);
/// Servers need up to 16 s to find that a caller has gone.
const SETTLING: Duration = Duration::from_secs(20);

pub(crate) fn run(seed: u64) -> Ledger {
    seeds::run_paused(seed, simulate(seed))
}

async fn simulate(seed: u64) -> Ledger {
    let mut random = StdRng::seed_from_u64(seed);
    let start = Instant::now();
    let (log, book) = (Log::new(start), Book::new(start));
    let skewed = random.random_bool(0.2);
    let scene = Arc::new(world::new(seed, skewed, &mut random, &book).await);
    let tap = random.random_bool(0.2).then(|| Tap::new(&scene.broker));
    let channels: Vec<Channel> =
        scene.clients.iter().map(|(_, connection)| Channel::bare(connection.clone())).collect();

    let mut made = JoinSet::new();
    for planned in calls::plan(channels.len(), &mut random) {
        let channel = channels[planned.call.client].clone();
        made.spawn(calls::make(planned, channel, start));
    }
    let chaos = StdRng::seed_from_u64(random.random());
    break_things(Arc::clone(&scene), chaos, log.clone(), HORIZON).await;
    let mut calls: Vec<Call> = made.join_all().await;
    calls.sort_by_key(|call| call.job.id);
    scene.heal();
    drop(tap);
    let mut left = settle(&scene, &channels, &book).await;
    drop((scene, channels));
    left.extend(seeds::tasks_left().await);
    Ledger { calls, book, events: log.entries(), skewed, left }
}

/// Waits until all is over, and says what is left.
async fn settle(scene: &Scene, channels: &[Channel], book: &Book) -> Vec<String> {
    tokio::time::sleep(SETTLING).await;
    let mut left = Vec::new();
    for (name, connection) in &scene.clients {
        if !connection.is_connected() {
            left.push(format!("{name} is not connected"));
        }
    }
    for (name, connection) in scene.connections() {
        let stats = connection.stats();
        if (stats.waiting, stats.accepted) != (0, 0) {
            left.push(format!("{name} has {stats:?}"));
        }
    }
    for server in &scene.servers {
        match server.handle.lock().await.as_ref().map(nats_rpc::server::Handle::stats) {
            Some(stats) if (stats.running, stats.accepted) == (0, 0) => {}
            stats => left.push(format!("{} has {stats:?}", server.name)),
        }
    }
    if book.running() != 0 {
        left.push(format!("{} handlers run", book.running()));
    }
    for (n, channel) in channels.iter().enumerate() {
        let job = Job { id: usize::MAX - n, order: Order::Relay(Duration::ZERO) };
        match ProbeClient::new(channel.clone()).act(job.to_string()).await {
            Ok(reply) if *reply.get_ref() == answer(job.id) => {}
            outcome => left.push(format!("the next call of client {n} gave {outcome:?}")),
        }
    }
    for server in &scene.servers {
        server.stop().await;
    }
    left
}
