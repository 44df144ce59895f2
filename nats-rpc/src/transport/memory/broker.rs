use std::fmt;
use std::sync::{Arc, Mutex};

use rand::RngExt;
use tokio::runtime::Handle;
use tokio::sync::Notify;
use tokio::time::Instant;

use super::delays::Attention;
use super::state::State;
use super::{Client, Link, Options};
use crate::status::Status;
use crate::transport::clock::Clock;
use crate::transport::{Connection, Epoch, Events, link, lock};

/// Unix time at which the clocks of a broker begin: the same in every run.
const START_MS: u64 = 1_700_000_000_000;

/// A broker within the process, with subjects, wildcards, queue groups and "no responders" as a NATS server has them,
/// and with faults where a test asks for them.
///
/// Clones are the same broker. While messages are late, and only then, it has a task on the runtime of who made them
/// late.
///
/// ```
/// # async fn example() -> Result<(), nats_rpc::Status> {
/// let broker = nats_rpc::transport::memory::Broker::new();
/// let server_side = broker.connect().await?;
/// let client_side = broker.connect().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Broker(Arc<Shared>);

struct Shared {
    state: Mutex<State>,
    /// Something arrives earlier than what the task waits for.
    earlier: Notify,
}

impl Broker {
    /// Creates a broker that nobody is connected to, with a random seed.
    #[must_use]
    pub fn new() -> Self {
        Self::seeded(rand::random())
    }

    /// Creates a broker whose choices all follow from `seed`: which member of a queue group gets a message, faults,
    /// latencies, and the pauses before its connections come back.
    ///
    /// On a runtime of one thread whose time is paused, a program that is deterministic itself then runs the same way
    /// again. With [`Broker::new`] the seed is random; `{:?}` shows it.
    #[must_use]
    pub fn seeded(seed: u64) -> Self {
        Self(Arc::new(Shared { state: Mutex::new(State::new(seed)), earlier: Notify::new() }))
    }

    /// Connects to it, with [`Options::new`].
    ///
    /// # Errors
    /// UNAVAILABLE while the broker is stopped.
    pub async fn connect(&self) -> Result<Connection, Status> {
        self.connect_with(Options::new()).await
    }

    /// Connects to it.
    ///
    /// # Errors
    /// UNAVAILABLE while the broker is stopped or a partition is in the way.
    pub async fn connect_with(&self, options: Options) -> Result<Connection, Status> {
        let (seed, name) = self.with(|state| (state.rng.random(), state.name(&options)));
        let broker = self.clone();
        Connection::establish(
            Box::new(move || {
                let (link, settings) = (broker.open(&name, &options), options.settings.clone());
                Box::pin(async move { Epoch::start(link::Link::Memory(link?), &settings).await })
            }),
            seed,
            Events::default(),
        )
        .await
    }

    /// Connects a client that knows nothing of nats-rpc. It does not connect again.
    ///
    /// # Errors
    /// UNAVAILABLE while the broker is stopped or a partition is in the way.
    pub fn client(&self, options: &Options) -> Result<Client, Status> {
        let name = self.with(|state| state.name(options));
        self.open(&name, options).map(Client::new)
    }

    fn open(&self, name: &str, options: &Options) -> Result<Link, Status> {
        self.with(|state| {
            if state.stopped {
                return Err(Status::transport("the broker is stopped"));
            }
            if state.partitioned.contains(name) {
                return Err(Status::transport("the broker can't be reached"));
            }
            if state.runtime.is_none() {
                state.runtime = Handle::try_current().ok();
            }
            let start = *state.start.get_or_insert_with(Instant::now);
            let clock = Clock::of_runtime(start, START_MS, options.clock_ahead_ms);
            let client = state.open(name, options);
            Ok(Link::new(self.clone(), client, clock, options.max_payload))
        })
    }

    /// Looks at the state or changes it, and sees to it that what is late now will be handled in time.
    ///
    /// Receivers are handed their messages while the state is locked, since the order of locking is the order of
    /// messages. Handing over only queues; their tasks run later.
    pub(super) fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        let mut state = lock(&self.0.state);
        let result = act(&mut state);
        let attention = state.delays.attention();
        let runtime = if let Attention::Start = attention { state.runtime.clone() } else { None };
        drop(state);
        match attention {
            Attention::Unneeded => {}
            Attention::Wake => self.0.earlier.notify_one(),
            Attention::Start => {
                let watch = Watch { broker: self.clone(), done: false };
                if let Some(runtime) = Handle::try_current().ok().or(runtime) {
                    runtime.spawn(watch.run());
                }
            }
        }
        result
    }
}

/// The task that handles what is late. It ends when nothing is.
struct Watch {
    broker: Broker,
    done: bool,
}

impl Watch {
    async fn run(mut self) {
        while let Some(next) = self.advance() {
            tokio::select! {
                biased;
                () = tokio::time::sleep_until(next) => {}
                () = self.broker.0.earlier.notified() => {}
            }
        }
        self.done = true;
    }

    fn advance(&self) -> Option<Instant> {
        let mut state = lock(&self.broker.0.state);
        state.advance();
        state.delays.wait()
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        // Dropped with its runtime: whoever is next to need a task has to start one.
        if !self.done {
            lock(&self.broker.0.state).delays.abandon();
        }
    }
}

impl Default for Broker {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Broker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = lock(&self.0.state);
        let subscriptions: usize = state.accounts.iter().map(|account| account.interests.len()).sum();
        f.debug_struct("Broker")
            .field("seed", &state.seed)
            .field("connections", &state.peers.len())
            .field("subscriptions", &subscriptions)
            .field("stopped", &state.stopped)
            .finish_non_exhaustive()
    }
}
