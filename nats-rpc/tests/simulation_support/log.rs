//! What went wrong in a run, and when.

use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use nats_rpc::transport::memory::Faults;
use tokio::time::Instant;

/// Something that went wrong.
#[derive(Debug, Clone)]
pub(crate) enum Trouble {
    Disconnected(String),
    Frozen(String),
    Partitioned(String),
    RouteCut(&'static str, &'static str),
    BrokerStopped,
    ServerStopped(String),
    Faults {
        faults: Faults,
        /// Whether messages are lost.
        lossy: bool,
    },
}

/// Something that went wrong for a while.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) trouble: Trouble,
    pub(crate) from: Duration,
    pub(crate) until: Option<Duration>,
}

/// All that went wrong.
#[derive(Clone)]
pub(crate) struct Log {
    entries: Arc<Mutex<Vec<Entry>>>,
    start: Instant,
}

impl Log {
    pub(crate) fn new(start: Instant) -> Self {
        Self { entries: Arc::default(), start }
    }

    /// Notes what goes wrong from now on, until it is [healed](Self::healed).
    pub(crate) fn broke(&self, trouble: Trouble) -> usize {
        let mut entries = self.entries.lock().unwrap();
        entries.push(Entry { trouble, from: self.start.elapsed(), until: None });
        entries.len() - 1
    }

    pub(crate) fn healed(&self, entry: usize) {
        self.entries.lock().unwrap()[entry].until = Some(self.start.elapsed());
    }

    pub(crate) fn entries(&self) -> Vec<Entry> {
        self.entries.lock().unwrap().clone()
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Disconnected(name) => write!(f, "{name} is disconnected"),
            Self::Frozen(name) => write!(f, "{name} is frozen"),
            Self::Partitioned(name) => write!(f, "{name} is partitioned"),
            Self::RouteCut(one, other) => write!(f, "the route from {one} to {other} is cut"),
            Self::BrokerStopped => f.write_str("the broker is stopped"),
            Self::ServerStopped(name) => write!(f, "{name} is shut down, and started again"),
            Self::Faults { faults, lossy: true } => write!(f, "some messages are lost: {faults:?}"),
            Self::Faults { faults, lossy: false } => write!(f, "messages are late: {faults:?}"),
        }
    }
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "from {:?} until {:?}: {}", self.from, self.until.unwrap_or_default(), self.trouble)
    }
}
