//! A cluster in which everything dies from time to time, under a load of calls of all kinds.

use std::time::{Duration, Instant};

use e2e::{Cluster, LONG, Load, Options, Program, nothing_waits};
use futures_util::future::join_all;

use super::scene::Calling;

const SERVERS: usize = 3;
const CLIENTS: usize = 2;

/// For how many seconds, and what happens in them.
const SECONDS: &str = "E2E_CHAOS_SECONDS";
const SEED: &str = "E2E_CHAOS_SEED";
const USUALLY: u64 = 8;

fn variable(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap())
}

/// What happens next, and when.
struct Fate(u64);

impl Fate {
    fn below(&mut self, bound: u64) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from((self.0 >> 11) % bound).unwrap()
    }

    fn pause(&mut self, bound_ms: u64) -> Duration {
        Duration::from_millis(self.below(bound_ms) as u64)
    }
}

struct World {
    cluster: Cluster,
    options: Options,
    servers: Vec<Program>,
    clients: Vec<Program>,
    fate: Fate,
    happened: std::collections::BTreeMap<&'static str, usize>,
}

impl World {
    async fn happen(&mut self) {
        let what = match self.fate.below(10) {
            0..=2 => {
                let server = self.fate.below(SERVERS as u64);
                self.servers[server].kill();
                self.servers[server] = Program::begin_feeder(&self.options);
                "server killed"
            }
            3 => {
                let (server, pause) = (self.fate.below(SERVERS as u64), self.fate.pause(1500));
                self.servers[server].freeze();
                tokio::time::sleep(pause).await;
                self.servers[server].thaw();
                "server frozen"
            }
            4 | 5 => {
                let client = self.fate.below(CLIENTS as u64);
                self.assert_not_wrong(client);
                self.clients[client].kill();
                self.clients[client] = Program::begin_busy(&self.options);
                "client killed"
            }
            6 | 7 => {
                let (node, pause) = (self.fate.below(3), self.fate.pause(800));
                tokio::task::block_in_place(|| self.cluster.node(node).kill().unwrap());
                tokio::time::sleep(pause).await;
                tokio::task::block_in_place(|| self.cluster.node(node).restart().unwrap());
                "broker killed"
            }
            route => {
                let (node, pause) = (self.fate.below(3), self.fate.pause(2500));
                let route = (node, (node + 1) % 3, route == 8);
                self.route(route, true).await;
                tokio::time::sleep(pause).await;
                self.route(route, false).await;
                if route.2 { "route cut" } else { "route silent" }
            }
        };
        *self.happened.entry(what).or_default() += 1;
    }

    async fn route(&mut self, (one, other, is_cut): (usize, usize, bool), begin: bool) {
        let proxy = self.cluster.route(one, other);
        match (is_cut, begin) {
            (true, true) => proxy.cut().await,
            (true, false) => proxy.restore(),
            (false, true) => proxy.stall(),
            (false, false) => proxy.resume(),
        }
    }

    fn assert_not_wrong(&self, client: usize) {
        let lines = self.clients[client].lines();
        assert!(!lines.iter().any(|line| line.starts_with("wrong")), "{lines:#?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_wrong_result_no_hang_and_nothing_left() {
    let seed = variable(SEED).unwrap_or_else(|| u64::from(std::process::id()) << 17 | 1);
    let duration = Duration::from_secs(variable(SECONDS).unwrap_or(USUALLY));
    println!("chaos for {duration:?}, {SEED}={seed}");
    let cluster = Cluster::start(3).await;
    let options = Options::new(cluster.urls());
    let servers: Vec<_> = (0..SERVERS).map(|_| Program::begin_feeder(&options)).collect();
    let clients: Vec<_> = (0..CLIENTS).map(|_| Program::begin_busy(&options)).collect();
    let mut world =
        World { cluster, options, servers, clients, fate: Fate(seed), happened: Default::default() };
    let mut callings = Vec::new();
    for _ in 0..2 {
        callings.push(Calling::to(&world.options).await);
    }
    for server in &mut world.servers {
        server.wait_for("ready").await;
    }
    let loads: Vec<_> = callings.iter().map(|calling| Load::start(&calling.client, 6)).collect();
    let begin = Instant::now();
    while begin.elapsed() < duration {
        let pause = world.fate.pause(700);
        tokio::time::sleep(pause).await;
        world.happen().await;
    }
    println!("happened: {:?}", world.happened);
    world.cluster.all_found().await;
    for load in loads {
        let well = load.stop("a client").await;
        assert!(well > 20, "only {well} calls went well");
    }
    for calling in &callings {
        nothing_waits(&calling.connection).await;
    }
    for client in 0..CLIENTS {
        world.assert_not_wrong(client);
        world.clients[client].kill();
    }
    let begin = Instant::now();
    join_all(world.servers.iter_mut().map(async |server| {
        server.wait_for("ready").await;
        assert!(server.terminate().await.success(), "{:#?}", server.complaints());
        server.wait_for("left 0 0 0").await;
    }))
    .await;
    println!("nothing was left at any server after {:?}", begin.elapsed());
    assert!(begin.elapsed() < LONG);
}
