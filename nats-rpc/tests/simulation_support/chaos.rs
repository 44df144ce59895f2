//! What goes wrong in a run.

use std::sync::Arc;
use std::time::Duration;

use nats_rpc::transport::memory::Faults;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tokio::task::JoinSet;

use super::log::{Log, Trouble};
use super::scene::Scene;

/// Breaks a few things, each at its time before `horizon`; they pass.
pub(crate) async fn break_things(scene: Arc<Scene>, mut random: StdRng, log: Log, horizon: Duration) {
    let mut things = JoinSet::new();
    for _ in 0..random.random_range(0..8) {
        let at = horizon.mul_f64(random.random());
        let lasts = Duration::from_millis(random.random_range(20..4_000));
        let seed = random.random();
        let (scene, log) = (Arc::clone(&scene), log.clone());
        things.spawn(async move {
            tokio::time::sleep(at).await;
            one(&scene, StdRng::seed_from_u64(seed), lasts, &log).await;
        });
    }
    things.join_all().await;
}

async fn one(scene: &Scene, mut random: StdRng, lasts: Duration, log: &Log) {
    let broker = &scene.broker;
    let name = scene.any_name(&mut random);
    match random.random_range(0..10) {
        0 => {
            let entry = log.broke(Trouble::Disconnected(name.clone()));
            broker.disconnect(&name);
            log.healed(entry);
        }
        1 => {
            let entry = log.broke(Trouble::Frozen(name.clone()));
            broker.freeze(&name);
            tokio::time::sleep(lasts).await;
            broker.thaw(&name);
            log.healed(entry);
        }
        2 => {
            let entry = log.broke(Trouble::Partitioned(name.clone()));
            broker.partition(&name);
            tokio::time::sleep(lasts).await;
            broker.heal(&name);
            log.healed(entry);
        }
        3 => {
            let (one, other) = Scene::any_route(&mut random);
            let entry = log.broke(Trouble::RouteCut(one, other));
            broker.cut_route(one, other);
            tokio::time::sleep(lasts).await;
            broker.heal_route(one, other);
            log.healed(entry);
        }
        4 => {
            let entry = log.broke(Trouble::BrokerStopped);
            broker.stop();
            tokio::time::sleep(lasts).await;
            broker.start();
            log.healed(entry);
        }
        5 | 6 => {
            let server = &scene.servers[random.random_range(0..scene.servers.len())];
            let entry = log.broke(Trouble::ServerStopped(server.name.clone()));
            server.stop().await;
            tokio::time::sleep(lasts).await;
            server.start().await;
            log.healed(entry);
        }
        _ => {
            let (faults, lossy) = faults(&mut random);
            let entry = log.broke(Trouble::Faults { faults: faults.clone(), lossy });
            broker.add_faults(faults);
            tokio::time::sleep(lasts).await;
            broker.clear_faults();
            log.healed(entry);
        }
    }
}

/// Any faults, and whether messages are lost.
fn faults(random: &mut StdRng) -> (Faults, bool) {
    let pattern = [">", "svc.*.*.*", "svc.*.*._i.>", "_INBOX.>"][random.random_range(0..4)];
    let mut faults = Faults::new().on(pattern);
    let lossy = random.random_bool(0.6);
    if lossy {
        // Few, so that something comes through and something is missing, or many.
        let most = [0.05, 0.5][random.random_range(0..2)];
        faults = faults.lose(random.random_range(0.0..most));
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
    (faults, lossy)
}
