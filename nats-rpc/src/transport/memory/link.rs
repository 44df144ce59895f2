use std::task::{Context, Poll};

use tokio::sync::mpsc;

use super::Broker;
use super::interest::Interest;
use super::peer::Command;
use crate::status::Status;
use crate::subject::Subject;
use crate::transport::clock::Clock;
use crate::transport::{Incoming, Outgoing};

/// One client's way to the broker.
pub(crate) struct Link {
    broker: Broker,
    client: u64,
    clock: Clock,
    max_payload: usize,
}

impl Link {
    pub(super) fn new(broker: Broker, client: u64, clock: Clock, max_payload: usize) -> Self {
        Self { broker, client, clock, max_payload }
    }

    pub(crate) fn publish(&self, message: &Outgoing) {
        if message.len() > self.max_payload {
            tracing::debug!("not published: larger than what the broker takes");
            return;
        }
        self.broker.with(|state| state.submit_message(self.client, message));
    }

    pub(crate) fn subscribe(
        &self,
        subject: &Subject,
        queue_group: Option<&str>,
    ) -> Result<Subscription, Status> {
        self.broker.with(|state| {
            if !state.peers.contains_key(&self.client) {
                return Err(Status::transport("the connection has ended"));
            }
            let (sender, receiver) = mpsc::unbounded_channel();
            let id = state.next_interest();
            let interest = Interest {
                client: self.client,
                pattern: subject.as_str().to_owned(),
                queue_group: queue_group.map(str::to_owned),
                sender,
                delivered: 0,
                limit: None,
            };
            state.submit(self.client, Command::Subscribe { id, interest });
            Ok(Subscription { id, client: self.client, broker: self.broker.clone(), receiver })
        })
    }

    pub(crate) fn now_ms(&self) -> u64 {
        self.clock.now_ms()
    }

    pub(crate) fn max_payload(&self) -> usize {
        self.max_payload
    }

    pub(crate) fn seed(&self) -> u64 {
        self.broker.with(|state| rand::RngExt::random(&mut state.rng))
    }

    /// A subject for answers that nobody else has.
    pub(super) fn new_inbox(&self) -> String {
        self.broker.with(|state| format!("_INBOX.{:032x}", rand::RngExt::random::<u128>(&mut state.rng)))
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        // After what was published before, however long that takes to get there.
        self.broker.with(|state| state.submit(self.client, Command::Close));
    }
}

pub(crate) struct Subscription {
    id: u64,
    client: u64,
    broker: Broker,
    receiver: mpsc::UnboundedReceiver<Incoming>,
}

impl Subscription {
    pub(crate) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Incoming>> {
        self.receiver.poll_recv(cx)
    }

    /// What has arrived already.
    pub(super) fn try_next(&mut self) -> Option<Incoming> {
        self.receiver.try_recv().ok()
    }

    pub(crate) fn unsubscribe_after(&mut self, count: u64) {
        self.broker.with(|state| state.submit(self.client, Command::UnsubscribeAfter { id: self.id, count }));
    }

    pub(crate) fn unsubscribe(&mut self) {
        // What is still under way finds nobody.
        self.receiver.close();
        self.broker.with(|state| state.submit(self.client, Command::Unsubscribe { id: self.id }));
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.unsubscribe();
    }
}
