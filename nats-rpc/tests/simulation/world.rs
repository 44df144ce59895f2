//! The processes of a run.

use std::sync::Arc;
use std::time::Duration;

use nats_rpc::server::{Handle, Mount};
use nats_rpc::transport::memory::{Broker, Options};
use nats_rpc::{Channel, Connection, Server};
use rand::rngs::StdRng;
use rand::{Rng, RngExt};
use tokio::sync::Mutex;

use crate::ledger::Book;
use crate::probe::{Instance, ProbeClient, ProbeServer};

const BEHIND: &str = "svc.behind";
const NODES: [&str; 3] = ["n1", "n2", "n3"];

/// All processes, by name.
pub(crate) struct World {
    pub(crate) broker: Broker,
    pub(crate) servers: Vec<Arc<Process>>,
    pub(crate) clients: Vec<(String, Connection)>,
    pub(crate) skewed: bool,
}

/// A process that serves, and can be stopped and started.
pub(crate) struct Process {
    pub(crate) name: String,
    pub(crate) connection: Connection,
    book: Book,
    /// It calls the service behind it.
    front: bool,
    pub(crate) handle: Mutex<Option<Handle>>,
}

impl World {
    pub(crate) async fn new(seed: u64, random: &mut StdRng, book: &Book) -> Self {
        let broker = Broker::seeded(seed);
        let skewed = random.random_bool(0.2);
        let mut servers = Vec::new();
        for (kind, count, book) in [("front", 3, book.clone()), ("behind", 2, book.behind())] {
            for n in 0..random.random_range(1..=count) {
                let name = format!("{kind}{n}");
                let connection = broker.connect_with(options(&name, skewed, random)).await.unwrap();
                let front = kind == "front";
                let process =
                    Process { name, connection, book: book.clone(), front, handle: Mutex::default() };
                process.start().await;
                servers.push(Arc::new(process));
            }
        }
        let mut clients = Vec::new();
        for n in 0..2 {
            let name = format!("client{n}");
            let connection = broker.connect_with(options(&name, skewed, random)).await.unwrap();
            clients.push((name, connection));
        }
        Self { broker, servers, clients, skewed }
    }

    /// The name of any process.
    pub(crate) fn any_name(&self, random: &mut impl Rng) -> String {
        let names: Vec<&String> = self
            .servers
            .iter()
            .map(|server| &server.name)
            .chain(self.clients.iter().map(|(name, _)| name))
            .collect();
        names[random.random_range(0..names.len())].clone()
    }

    pub(crate) fn any_route(random: &mut impl Rng) -> (&'static str, &'static str) {
        let first = random.random_range(0..NODES.len());
        (NODES[first], NODES[(first + 1) % NODES.len()])
    }

    /// Everything is well again.
    pub(crate) fn heal(&self) {
        self.broker.clear_faults();
        for first in 0..NODES.len() {
            self.broker.heal_route(NODES[first], NODES[(first + 1) % NODES.len()]);
        }
        let servers = self.servers.iter().map(|server| &server.name);
        for name in servers.chain(self.clients.iter().map(|(name, _)| name)) {
            self.broker.thaw(name);
            self.broker.heal(name);
        }
        self.broker.start();
    }
}

impl Process {
    /// Starts to serve, as soon as that is possible.
    pub(crate) async fn start(&self) {
        let mut handle = self.handle.lock().await;
        while handle.is_none() {
            let behind = self.front.then(|| {
                let channel = Channel::new(self.connection.clone());
                ProbeClient::new(channel.with_subject("sim.Probe", BEHIND).unwrap())
            });
            let service = Mount::new(ProbeServer::new(Instance { book: self.book.clone(), behind }));
            let mount = if self.front { service } else { service.subject(BEHIND).unwrap() };
            let server = Server::builder().add_service(mount).grace(Duration::from_secs(1));
            match server.start(self.connection.clone()).await {
                Ok(started) => *handle = Some(started),
                Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
            }
        }
    }

    pub(crate) async fn stop(&self) {
        let handle = self.handle.lock().await.take();
        if let Some(handle) = handle {
            handle.shutdown().await;
        }
    }
}

fn options(name: &str, skewed: bool, random: &mut StdRng) -> Options {
    let latency = match random.random_range(0..10) {
        0 => Duration::from_millis(75),
        1..=3 => Duration::from_millis(random.random_range(1..=10)),
        _ => Duration::ZERO,
    };
    let ahead_ms = if skewed { [0, 13_000, -13_000][random.random_range(0..3)] } else { 0 };
    let node = NODES[random.random_range(0..NODES.len())];
    let jitter = latency / 2;
    Options::new().name(name).node(node).latency(latency).jitter(jitter).clock_ahead_ms(ahead_ms)
}
