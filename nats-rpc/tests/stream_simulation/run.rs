//! One run, from its seed to its ledger.

use std::sync::Arc;
use std::time::Duration;

use nats_rpc::Kind;
use nats_rpc::server::Handle;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::book::Book;
use crate::caller::{self, Call, Outcome};
use crate::ledger::Ledger;
use crate::plan;
use crate::script::{End, Handling, Pace, Script, Sending};
use crate::simulation_support::chaos::break_things;
use crate::simulation_support::log::Log;
use crate::simulation_support::seeds;
use crate::simulation_support::tap::Tap;
use crate::world::{self, CLIENTS, World};

/// Calls are begun and things go wrong for so long.
pub(crate) const HORIZON: Duration = Duration::from_secs(8);
/// Servers need up to 16 s to find that a caller has gone.
pub(crate) const SETTLING: Duration = Duration::from_secs(20);
/// The last calls of each client, which have to succeed.
const LAST: [Kind; 2] = [Kind::Unary, Kind::BidiStreaming];

pub(crate) fn run(seed: u64) -> Ledger {
    seeds::run_paused(seed, simulate(seed))
}

async fn simulate(seed: u64) -> Ledger {
    let mut random = StdRng::seed_from_u64(seed);
    let start = Instant::now();
    let (log, book) = (Log::new(start), Book::new(start));
    let mut scripts = plan::scripts(CLIENTS, &mut random);
    let count = scripts.len();
    scripts.extend((0..CLIENTS * LAST.len()).map(|n| last(count + n, n)));
    let scripts: Arc<Vec<Arc<Script>>> = Arc::new(scripts.into_iter().map(Arc::new).collect());
    let world = world::new(seed, &mut random, &scripts, &book).await;
    let tap = random.random_bool(0.2).then(|| Tap::new(&world.scene.broker));

    let make =
        |script: &Arc<Script>| caller::make(Arc::clone(script), world.channels[script.client].clone(), start);
    let mut made = JoinSet::new();
    scripts[..count].iter().for_each(|script| {
        made.spawn(make(script));
    });
    if random.random_bool(0.75) {
        let chaos = StdRng::seed_from_u64(random.random());
        break_things(Arc::clone(&world.scene), chaos, log.clone(), HORIZON).await;
        world.scene.heal();
    }
    let mut calls: Vec<Call> = made.join_all().await;
    calls.sort_by_key(|call| call.script.id);
    drop(tap);
    let mut left = settle(&world, &book).await;
    for script in &scripts[count..] {
        let call = make(script).await;
        if call.outcome != Outcome::Clean {
            left.push(format!("one more call gave {call:?}"));
        }
        calls.push(call);
    }
    for server in &world.scene.servers {
        server.stop().await;
    }
    let World { scene, channels, terms } = world;
    drop((scene, channels));
    left.extend(seeds::tasks_left().await);
    Ledger { calls, runs: book.runs(), troubles: log.entries(), terms, left }
}

/// A call that has to succeed when all is well.
fn last(id: usize, n: usize) -> Script {
    let sizes = vec![if n.is_multiple_of(2) { 100 } else { 10_000 }];
    let sending = Sending { sizes, pace: Pace::None, end: End::Well };
    Script {
        id,
        kind: LAST[n % LAST.len()],
        idempotent: false,
        client: n / LAST.len(),
        begins: Duration::ZERO,
        timeout: None,
        gives_up: None,
        requests: sending.clone(),
        half_duplex: false,
        reading: Pace::None,
        handling: Handling::Echoes,
        head: true,
        responses: sending,
    }
}

/// Waits until all is over, and says what is left.
async fn settle(world: &World, book: &Book) -> Vec<String> {
    tokio::time::sleep(SETTLING).await;
    let mut left = Vec::new();
    for (name, connection) in world.scene.connections() {
        let stats = connection.stats();
        if (stats.waiting, stats.accepted, stats.streams) != (0, 0, 0) {
            left.push(format!("{name} has {stats:?}"));
        }
        if !connection.is_connected() {
            left.push(format!("{name} is not connected"));
        }
    }
    for server in &world.scene.servers {
        match server.handle.lock().await.as_ref().map(Handle::stats) {
            Some(stats) if (stats.running, stats.accepted) == (0, 0) => {}
            stats => left.push(format!("{} has {stats:?}", server.name)),
        }
    }
    if book.alive() != 0 {
        left.push(format!("{} handlers run", book.alive()));
    }
    left
}
