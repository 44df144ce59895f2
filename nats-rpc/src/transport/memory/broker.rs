use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll};

use rand::RngExt;
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::interest::matches;
use crate::status::Status;
use crate::subject::Subject;
use crate::transport::clock::Clock;
use crate::transport::{Connection, Epoch, Events, Incoming, Outgoing, link, lock};

/// What a NATS server allows by default.
const MAX_PAYLOAD: usize = 1024 * 1024;

/// A broker within the process: subjects, wildcards, queue groups and "no responders", as a NATS server has them.
///
/// ```
/// # async fn example() -> Result<(), nats_rpc::Status> {
/// let broker = nats_rpc::transport::memory::Broker::new();
/// let server_side = broker.connect().await?;
/// let client_side = broker.connect().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Default)]
pub struct Broker(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    interests: BTreeMap<u64, Interest>,
    next_id: u64,
    next_client: u64,
    /// Clients up to this number have been cut off.
    cut_off: u64,
    stopped: bool,
}

struct Interest {
    client: u64,
    pattern: String,
    queue_group: Option<String>,
    sender: mpsc::UnboundedSender<Incoming>,
    delivered: u64,
    limit: Option<u64>,
}

impl Broker {
    /// Creates a broker that nobody is connected to.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Connects to it.
    ///
    /// # Errors
    /// UNAVAILABLE while the broker is stopped.
    pub async fn connect(&self) -> Result<Connection, Status> {
        let broker = self.clone();
        Connection::establish(
            Box::new(move || {
                let broker = broker.clone();
                Box::pin(async move {
                    let link = broker.open()?;
                    Epoch::start(link::Link::Memory(link), "_INBOX").await
                })
            }),
            rand::random(),
            Events::default(),
        )
        .await
    }

    /// Cuts every connection and refuses new ones, as a server that is stopped does.
    pub fn stop(&self) {
        let mut state = self.lock();
        state.stopped = true;
        state.cut_off = state.next_client;
        state.interests.clear();
    }

    /// Accepts connections again.
    pub fn start(&self) {
        self.lock().stopped = false;
    }

    fn open(&self) -> Result<Link, Status> {
        let mut state = self.lock();
        if state.stopped {
            return Err(Status::transport("the broker is stopped"));
        }
        state.next_client += 1;
        let clock = Clock::of_runtime(Instant::now(), 1_700_000_000_000, 0);
        Ok(Link { broker: self.clone(), client: state.next_client, clock })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.0)
    }
}

impl fmt::Debug for Broker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.lock();
        f.debug_struct("Broker")
            .field("subscriptions", &state.interests.len())
            .field("stopped", &state.stopped)
            .finish()
    }
}

impl State {
    /// Delivers to every plain subscription and to one member of each queue group.
    fn publish(&mut self, message: &Outgoing) -> bool {
        let subject = message.subject.as_str();
        let mut plain = Vec::new();
        let mut groups: BTreeMap<&str, Vec<u64>> = BTreeMap::new();
        for (id, interest) in &self.interests {
            if matches(&interest.pattern, subject) {
                match interest.queue_group.as_deref() {
                    None => plain.push(*id),
                    Some(group) => groups.entry(group).or_default().push(*id),
                }
            }
        }
        let chosen = groups.values().map(|members| members[rand::rng().random_range(0..members.len())]);
        let receivers: Vec<u64> = plain.into_iter().chain(chosen).collect();
        for id in &receivers {
            self.deliver(*id, message);
        }
        !receivers.is_empty()
    }

    fn deliver(&mut self, id: u64, message: &Outgoing) {
        let Some(interest) = self.interests.get_mut(&id) else { return };
        let incoming = Incoming {
            subject: message.subject.clone(),
            reply: message.reply.clone(),
            headers: message.headers.clone(),
            payload: message.payload.clone(),
            no_responders: false,
        };
        interest.delivered += 1;
        let gone = interest.sender.send(incoming).is_err();
        if gone || interest.limit.is_some_and(|limit| interest.delivered >= limit) {
            self.interests.remove(&id);
        }
    }

    /// Tells the publisher, where it listens itself, that nobody else does.
    fn no_responders(&mut self, client: u64, reply: &Subject) {
        for interest in self.interests.values().filter(|interest| interest.client == client) {
            if matches(&interest.pattern, reply.as_str()) {
                let _ = interest.sender.send(Incoming {
                    subject: reply.clone(),
                    reply: None,
                    headers: None,
                    payload: bytes::Bytes::new(),
                    no_responders: true,
                });
            }
        }
    }
}

/// One client's way to the broker.
pub(crate) struct Link {
    broker: Broker,
    client: u64,
    clock: Clock,
}

impl Link {
    pub(crate) fn publish(&self, message: &Outgoing) {
        let mut state = self.broker.lock();
        if self.client <= state.cut_off || state.publish(message) {
            return;
        }
        if let Some(reply) = &message.reply {
            state.no_responders(self.client, reply);
        }
    }

    pub(crate) fn subscribe(
        &self,
        subject: &Subject,
        queue_group: Option<&str>,
    ) -> Result<Subscription, Status> {
        let mut state = self.broker.lock();
        if self.client <= state.cut_off {
            return Err(Status::transport("the broker was stopped"));
        }
        let (sender, receiver) = mpsc::unbounded_channel();
        state.next_id += 1;
        let id = state.next_id;
        state.interests.insert(
            id,
            Interest {
                client: self.client,
                pattern: subject.as_str().to_owned(),
                queue_group: queue_group.map(str::to_owned),
                sender,
                delivered: 0,
                limit: None,
            },
        );
        Ok(Subscription { id, broker: self.broker.clone(), receiver })
    }

    pub(crate) fn now_ms(&self) -> u64 {
        self.clock.now_ms()
    }

    #[expect(clippy::unused_self, reason = "a NATS server's limit differs from server to server")]
    pub(crate) fn max_payload(&self) -> usize {
        MAX_PAYLOAD
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.broker.lock().interests.retain(|_, interest| interest.client != self.client);
    }
}

pub(crate) struct Subscription {
    id: u64,
    broker: Broker,
    receiver: mpsc::UnboundedReceiver<Incoming>,
}

impl Subscription {
    pub(crate) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Incoming>> {
        self.receiver.poll_recv(cx)
    }

    pub(crate) fn unsubscribe_after(&mut self, count: u64) {
        let mut state = self.broker.lock();
        let Some(interest) = state.interests.get_mut(&self.id) else { return };
        interest.limit = Some(count);
        if interest.delivered >= count {
            state.interests.remove(&self.id);
        }
    }

    pub(crate) fn unsubscribe(&mut self) {
        self.broker.lock().interests.remove(&self.id);
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.unsubscribe();
    }
}
