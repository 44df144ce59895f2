use std::collections::BTreeMap;
use std::time::Duration;

use rand::RngExt;
use rand::rngs::StdRng;
use tokio::sync::mpsc;

use super::interest::Interest;
use super::options::Options;
use crate::transport::{Incoming, Outgoing};

/// One connection, as the broker sees it.
pub(super) struct Peer {
    pub(super) name: String,
    pub(super) account: usize,
    pub(super) node: String,
    pub(super) latency: Duration,
    pub(super) jitter: Duration,
    pub(super) partitioned: bool,
    /// What waits for the process to go on; `Some` while it is frozen.
    pub(super) held: Option<Held>,
}

/// What a frozen process has not sent and not received yet.
#[derive(Default)]
pub(super) struct Held {
    pub(super) commands: Vec<Command>,
    pub(super) arrivals: Vec<Arrival>,
    /// Subscriptions of a connection that has ended meanwhile: it learns that when it goes on.
    pub(super) ended: BTreeMap<u64, Interest>,
}

/// What a connection asks of the broker. In the order of asking, whatever holds it up.
pub(super) enum Command {
    Publish(Outgoing),
    Subscribe { id: u64, interest: Interest },
    Unsubscribe { id: u64 },
    UnsubscribeAfter { id: u64, count: u64 },
    Close,
}

/// A message on its way from the broker to a connection.
pub(super) struct Arrival {
    pub(super) client: u64,
    pub(super) sender: mpsc::UnboundedSender<Incoming>,
    pub(super) message: Incoming,
}

impl Peer {
    pub(super) fn new(name: String, account: usize, options: &Options) -> Self {
        Self {
            name,
            account,
            node: options.node.clone(),
            latency: options.latency,
            jitter: options.jitter,
            partitioned: false,
            held: None,
        }
    }

    /// Whether neither frozen nor cut off.
    pub(super) fn is_running(&self) -> bool {
        self.held.is_none() && !self.partitioned
    }

    /// Whether everything it sends is there at once.
    pub(super) fn is_near(&self) -> bool {
        self.latency.is_zero() && self.jitter.is_zero()
    }

    pub(super) fn draw_latency(&self, rng: &mut StdRng) -> Duration {
        if self.jitter.is_zero() {
            self.latency
        } else {
            self.latency + rng.random_range(Duration::ZERO..=self.jitter)
        }
    }
}

impl Arrival {
    /// Hands it over. Who has stopped listening does not get it.
    pub(super) fn complete(self) {
        let _ = self.sender.send(self.message);
    }
}
