//! The processes of a run, and the terms on which they talk.

use std::sync::Arc;
use std::time::Duration;

use nats_rpc::server::{Builder, Imports};
use nats_rpc::transport::memory::{Broker, Export, Options, Response};
use nats_rpc::{Channel, Connection, Server};
use rand::RngExt;
use rand::rngs::StdRng;

use crate::book::Book;
use crate::script::Script;
use crate::service::Streams;
use crate::simulation_support::scene::{Scene, any_place};

const ABROAD: &str = "abroad";
const DEFAULT_LIMIT: usize = 4 * 1024 * 1024;
pub(crate) const CLIENTS: usize = 2;

pub(crate) struct World {
    pub(crate) scene: Arc<Scene>,
    pub(crate) channels: Vec<Channel>,
    pub(crate) terms: Terms,
}

/// What the processes of a run allow each other.
#[derive(Debug, Clone)]
pub(crate) struct Terms {
    pub(crate) skewed: bool,
    /// Clients of another account reach the services through an import.
    pub(crate) imports: bool,
    /// The longest message that servers take, and each client.
    pub(crate) server_limit: usize,
    pub(crate) client_limits: Vec<usize>,
    /// How many streams a connection may have, by the name of its process.
    pub(crate) max_streams: Vec<(String, usize)>,
    /// The smallest window at the beginning of a stream.
    pub(crate) window: u64,
    pub(crate) round_trip: Duration,
}

pub(crate) async fn new(
    seed: u64,
    random: &mut StdRng,
    scripts: &Arc<Vec<Arc<Script>>>,
    book: &Book,
) -> World {
    let mut scene = Scene::new(Broker::seeded(seed));
    let mut terms = Terms {
        skewed: random.random_bool(0.2),
        imports: random.random_bool(0.2),
        server_limit: limit(random),
        client_limits: Vec::new(),
        max_streams: Vec::new(),
        window: u64::MAX,
        round_trip: Duration::ZERO,
    };
    if terms.imports {
        scene.broker.import(ABROAD, &Export::new("$G", "svc.>").response(Response::Stream));
    }
    let mut farthest = Duration::ZERO;
    for n in 0..random.random_range(1..=3) {
        let name = format!("server{n}");
        let options = terms.place(&name, random, &mut farthest);
        let grace = Duration::from_millis([200, 1_000, 5_000][random.random_range(0..3)]);
        let max_window = window(random);
        let limit = terms.server_limit;
        let streams = Streams { server: name.clone(), scripts: Arc::clone(scripts), book: book.clone() };
        let build = move |_: &Connection| server(&streams, grace, limit, max_window);
        scene.add_server(name, options, build).await;
    }
    terms.round_trip += 2 * std::mem::take(&mut farthest);
    let mut channels = Vec::new();
    for n in 0..CLIENTS {
        let name = format!("client{n}");
        let mut options = terms.place(&name, random, &mut farthest);
        // The first one is at home.
        if terms.imports && n > 0 {
            options = options.account(ABROAD);
        }
        scene.add_client(name, options).await;
        let limit = limit(random);
        let mut channel = Channel::bare(scene.clients[n].1.clone()).with_max_message(limit);
        if let Some(window) = window(random) {
            channel = channel.with_max_window(window);
        }
        terms.client_limits.push(limit);
        channels.push(channel);
    }
    terms.round_trip += 2 * farthest;
    World { scene: Arc::new(scene), channels, terms }
}

fn server(streams: &Streams, grace: Duration, limit: usize, window: Option<u32>) -> Builder {
    let server = Server::builder()
        .add_service(streams.clone())
        .grace(grace)
        .max_message(limit)
        .imports(Imports::Stream)
        // Nobody else serves here.
        .startup_check(Duration::ZERO);
    match window {
        Some(window) => server.max_window(window),
        None => server,
    }
}

fn limit(random: &mut StdRng) -> usize {
    if random.random_bool(0.2) { 64 * 1024 } else { DEFAULT_LIMIT }
}

fn window(random: &mut StdRng) -> Option<u32> {
    random.random_bool(0.3).then(|| random.random_range(512..40_000))
}

impl Terms {
    /// Where a process is, with small frames or many streams or few.
    fn place(&mut self, name: &str, random: &mut StdRng, farthest: &mut Duration) -> Options {
        let (options, own) = any_place(self.skewed, random);
        *farthest = own.max(*farthest);
        let options = match random.random_range(0..3) {
            0 => options,
            _ => options.frame_limit(32 * 1024),
        };
        // Of so many streams each has a window of 16 KiB at first, of 1.6 KiB, or of 1 KiB.
        let streams = [3, 1_000, 1_000, 10_000, 20_000][random.random_range(0..5)];
        self.max_streams.push((name.to_owned(), streams));
        self.window = self.window.min((16 * 1024 * 1024 / streams as u64).clamp(1024, 16 * 1024));
        options.max_streams(streams)
    }

    /// How many streams a process may have.
    pub(crate) fn max_streams_of(&self, process: &str) -> usize {
        self.max_streams.iter().find(|(name, _)| name == process).map_or(usize::MAX, |(_, most)| *most)
    }
}
