//! The processes of a run.

use std::sync::Arc;
use std::time::Duration;

use nats_rpc::Connection;
use nats_rpc::server::{Builder, Handle};
use nats_rpc::transport::memory::{Broker, Options};
use rand::rngs::StdRng;
use rand::{Rng, RngExt};
use tokio::sync::Mutex;

pub(crate) const NODES: [&str; 3] = ["n1", "n2", "n3"];

/// All processes, by name.
pub(crate) struct Scene {
    pub(crate) broker: Broker,
    pub(crate) servers: Vec<Arc<Process>>,
    pub(crate) clients: Vec<(String, Connection)>,
}

/// A process that serves, and can be stopped and started.
pub(crate) struct Process {
    pub(crate) name: String,
    pub(crate) connection: Connection,
    pub(crate) handle: Mutex<Option<Handle>>,
    build: Box<dyn Fn(&Connection) -> Builder + Send + Sync>,
}

impl Scene {
    pub(crate) fn new(broker: Broker) -> Self {
        Self { broker, servers: Vec::new(), clients: Vec::new() }
    }

    /// Adds a process that serves what `build` says.
    pub(crate) async fn add_server(
        &mut self,
        name: String,
        options: Options,
        build: impl Fn(&Connection) -> Builder + Send + Sync + 'static,
    ) {
        let connection = self.broker.connect_with(options.name(&name)).await.unwrap();
        let process = Process { name, connection, handle: Mutex::default(), build: Box::new(build) };
        process.start().await;
        self.servers.push(Arc::new(process));
    }

    pub(crate) async fn add_client(&mut self, name: String, options: Options) {
        let connection = self.broker.connect_with(options.name(&name)).await.unwrap();
        self.clients.push((name, connection));
    }

    pub(crate) fn connections(&self) -> impl Iterator<Item = (&String, &Connection)> {
        let servers = self.servers.iter().map(|server| (&server.name, &server.connection));
        servers.chain(self.clients.iter().map(|(name, connection)| (name, connection)))
    }

    /// The name of any process.
    pub(crate) fn any_name(&self, random: &mut impl Rng) -> String {
        let names: Vec<&String> = self.connections().map(|(name, _)| name).collect();
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
        for (name, _) in self.connections() {
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
            match (self.build)(&self.connection).start(self.connection.clone()).await {
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

/// Anywhere, near or far, with a clock that may be wrong if clocks are `skewed`. With how long a message takes to the
/// broker or back, at most.
pub(crate) fn any_place(skewed: bool, random: &mut StdRng) -> (Options, Duration) {
    let latency = match random.random_range(0..10) {
        0 => Duration::from_millis(75),
        1..=3 => Duration::from_millis(random.random_range(1..=10)),
        _ => Duration::ZERO,
    };
    let ahead_ms = if skewed { [0, 13_000, -13_000][random.random_range(0..3)] } else { 0 };
    let node = NODES[random.random_range(0..NODES.len())];
    let jitter = latency / 2;
    let options = Options::new().node(node).latency(latency).jitter(jitter).clock_ahead_ms(ahead_ms);
    (options, latency + jitter)
}
