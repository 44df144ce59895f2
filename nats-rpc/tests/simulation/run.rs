//! One run, from its seed to its ledger.

use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use nats_rpc::Channel;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::calls;
use crate::chaos::{Tap, break_things};
use crate::ledger::{Book, Call, Ledger};
use crate::probe::{Job, Order, ProbeClient, answer};
use crate::world::World;

/// Calls are made and things go wrong for so long.
pub(crate) const HORIZON: Duration = Duration::from_secs(12);
/// Servers need up to 16 s to find that a caller has gone.
const SETTLING: Duration = Duration::from_secs(20);
/// Whatever takes longer hangs.
const LONGEST: Duration = Duration::from_secs(600);

/// What happened, with its time.
#[derive(Clone)]
pub(crate) struct Log {
    lines: Arc<Mutex<Vec<String>>>,
    start: Instant,
}

impl Log {
    pub(crate) fn note(&self, what: &str) {
        self.lines.lock().unwrap().push(format!("{:?} {what}", self.start.elapsed()));
    }
}

pub(crate) fn run(seed: u64) -> Ledger {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    let ledger = runtime.block_on(async { tokio::time::timeout(LONGEST, simulate(seed)).await });
    ledger.unwrap_or_else(|_| panic!("seed {seed} hangs"))
}

async fn simulate(seed: u64) -> Ledger {
    let mut random = StdRng::seed_from_u64(seed);
    let start = Instant::now();
    let log = Log { lines: Arc::default(), start };
    let book = Book::new(start);
    let world = Arc::new(World::new(seed, &mut random, &book).await);
    let tap = random.random_bool(0.2).then(|| Tap::new(&world));
    let channels: Vec<Channel> =
        world.clients.iter().map(|(_, connection)| Channel::new(connection.clone())).collect();

    let mut made = JoinSet::new();
    for planned in calls::plan(&world, &mut random) {
        let channel = channels[planned.call.client].clone();
        made.spawn(calls::make(planned, channel, start));
    }
    break_things(Arc::clone(&world), StdRng::seed_from_u64(random.random()), log.clone()).await;
    let mut calls: Vec<Call> = made.join_all().await;
    calls.sort_by_key(|call| call.job.id);
    world.heal();
    drop(tap);
    let mut left = settle(&world, &channels, &book).await;
    let skewed = world.skewed;
    drop((world, channels));
    left.extend(tasks_left().await);
    let events = log.lines.lock().unwrap().clone();
    Ledger { calls, book, events, skewed, left }
}

/// With the last connection, every task of the runtime has to end.
async fn tasks_left() -> Option<String> {
    tokio::time::sleep(SETTLING).await;
    let tasks = tokio::runtime::Handle::current().metrics().num_alive_tasks();
    (tasks != 0).then(|| format!("{tasks} tasks run"))
}

/// Waits until all is over, and says what is left.
async fn settle(world: &World, channels: &[Channel], book: &Book) -> Vec<String> {
    tokio::time::sleep(SETTLING).await;
    let mut left = Vec::new();
    for (name, connection) in &world.clients {
        if !connection.is_connected() {
            left.push(format!("{name} is not connected"));
        }
    }
    let connections = world.servers.iter().map(|server| (&server.name, &server.connection));
    for (name, connection) in
        connections.chain(world.clients.iter().map(|(name, connection)| (name, connection)))
    {
        let stats = connection.stats();
        if (stats.waiting, stats.accepted) != (0, 0) {
            left.push(format!("{name} has {stats:?}"));
        }
    }
    for server in &world.servers {
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
    for server in &world.servers {
        server.stop().await;
    }
    left
}

/// How often what happened, to see that a run is worth something.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Totals {
    pub(crate) calls: usize,
    pub(crate) handlers: usize,
    pub(crate) answered: usize,
    pub(crate) dropped: usize,
    pub(crate) expired: usize,
    pub(crate) not_processed: usize,
    pub(crate) lost: usize,
    pub(crate) silent: usize,
    pub(crate) gone: usize,
    pub(crate) failed: usize,
    pub(crate) repeated: usize,
}

impl Totals {
    pub(crate) fn plus(self, other: Self) -> Self {
        Self {
            calls: self.calls + other.calls,
            handlers: self.handlers + other.handlers,
            answered: self.answered + other.answered,
            dropped: self.dropped + other.dropped,
            expired: self.expired + other.expired,
            not_processed: self.not_processed + other.not_processed,
            lost: self.lost + other.lost,
            silent: self.silent + other.silent,
            gone: self.gone + other.gone,
            failed: self.failed + other.failed,
            repeated: self.repeated + other.repeated,
        }
    }

    /// A simulation in which something never happens shows nothing about it.
    pub(crate) fn assert_that_everything_was_tried(&self) {
        let Self { answered, dropped, expired, not_processed, silent, gone, failed, repeated, .. } = *self;
        let counts = [answered, dropped, expired, not_processed, silent, gone, failed, repeated];
        assert!(counts.iter().all(|count| *count > 0), "{self}");
    }
}

impl fmt::Display for Totals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            calls,
            handlers,
            answered,
            dropped,
            expired,
            not_processed,
            lost,
            silent,
            gone,
            failed,
            repeated,
        } = *self;
        write!(
            f,
            "{calls} calls, {handlers} handlers run; {answered} answered, {failed} failed by their handlers, \
             {dropped} dropped, {expired} expired, {not_processed} not processed, {lost} lost \
             ({silent} not accepted, {gone} with their instance), {repeated} run twice because they may"
        )
    }
}
