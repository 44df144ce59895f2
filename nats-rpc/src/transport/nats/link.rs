use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use async_nats::{Client, ServerAddr};
use tokio::sync::OnceCell;

use super::attempt::Attempt;
use super::pool::shown;
use super::{client, lean};
use crate::status::Status;
use crate::subject::Subject;
use crate::transport::{Incoming, Outgoing};

/// One connection to a NATS server, which does not connect again.
pub(crate) struct Link {
    way: Way,
    attempt: Arc<Attempt>,
    server: ServerAddr,
    /// Its address, for people.
    shown: String,
    /// Beside a lean one, once somebody has asked for it.
    client: OnceCell<Client>,
}

pub(super) enum Way {
    Lean(lean::Link),
    /// For what only `async-nats` can do.
    Client(client::Link),
}

impl Link {
    /// `(attempt, server)`: what it came of.
    pub(super) fn new(way: Way, (attempt, server): (Arc<Attempt>, ServerAddr)) -> Self {
        Self { way, attempt, shown: shown(&server), server, client: OnceCell::new() }
    }

    /// The `async-nats` client, for what calls do not need.
    pub(crate) async fn client(&self) -> Result<Client, Status> {
        match &self.way {
            Way::Lean(_) => self.client.get_or_try_init(|| self.attempt.client(&self.server)).await.cloned(),
            Way::Client(link) => Ok(link.0.clone()),
        }
    }

    pub(crate) fn try_publish(&self, message: Outgoing) -> Result<(), Outgoing> {
        match &self.way {
            Way::Lean(link) => link.try_publish(message),
            Way::Client(link) => link.try_publish(message),
        }
    }

    pub(crate) async fn publish(&self, message: Outgoing) {
        match &self.way {
            Way::Lean(link) => link.publish(message).await,
            Way::Client(link) => link.publish(message).await,
        }
    }

    pub(crate) fn send(&self) {
        match &self.way {
            Way::Lean(link) => link.send(),
            // It has a task for that.
            Way::Client(_) => {}
        }
    }

    pub(crate) fn has_places(&self) -> bool {
        matches!(self.way, Way::Lean(_))
    }

    pub(crate) fn calls_at(&self, place: u64) -> Vec<u64> {
        match &self.way {
            Way::Lean(link) => link.calls_at(place),
            Way::Client(_) => Vec::new(),
        }
    }

    pub(crate) async fn subscribe(
        &self,
        subject: Subject,
        queue_group: Option<&str>,
    ) -> Result<Subscription, Status> {
        match &self.way {
            Way::Lean(link) => link.subscribe(&subject, queue_group).map(Subscription::Lean),
            Way::Client(link) => link.subscribe(subject, queue_group).await.map(Subscription::Client),
        }
    }

    /// Subscribes to what the server will refuse.
    pub(crate) async fn mark(&self, subject: &str) -> bool {
        match &self.way {
            Way::Lean(link) => link.mark(subject),
            Way::Client(link) => link.mark(subject).await,
        }
    }

    pub(crate) fn flushed(&self) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        match &self.way {
            Way::Lean(link) => Box::pin(link.flushed()),
            Way::Client(link) => Box::pin(link.flushed()),
        }
    }

    pub(crate) fn server(&self) -> &str {
        &self.shown
    }

    pub(crate) fn now_ms(&self) -> u64 {
        self.attempt.clock.now_ms()
    }

    pub(crate) fn max_payload(&self) -> usize {
        match &self.way {
            Way::Lean(link) => link.max_payload(),
            Way::Client(link) => link.max_payload(),
        }
    }
}

pub(crate) enum Subscription {
    Lean(lean::Subscription),
    Client(client::Subscription),
}

impl Subscription {
    pub(crate) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Incoming>> {
        match self {
            Self::Lean(subscription) => subscription.poll_next(cx),
            Self::Client(subscription) => subscription.poll_next(cx),
        }
    }

    pub(crate) async fn unsubscribe_after(&mut self, count: u64) {
        match self {
            Self::Lean(subscription) => subscription.unsubscribe_after(count),
            Self::Client(subscription) => subscription.unsubscribe_after(count).await,
        }
    }

    pub(crate) async fn unsubscribe(&mut self) {
        match self {
            Self::Lean(subscription) => subscription.unsubscribe(),
            Self::Client(subscription) => subscription.unsubscribe().await,
        }
    }
}
