use std::future::{Future, ready};
use std::pin::Pin;
use std::task::{Context, Poll};

#[cfg(feature = "nats")]
use super::nats;
use super::{Incoming, Outgoing, memory};
use crate::status::Status;
use crate::subject::Subject;

/// One connection as long as it lasts: the seam behind which a NATS client stands.
#[cfg_attr(feature = "nats", expect(clippy::large_enum_variant, reason = "there is one per connection"))]
pub(crate) enum Link {
    #[cfg(feature = "nats")]
    Nats(nats::Link),
    Memory(memory::Link),
}

impl Link {
    /// Publishes unless the way is full; then the message comes back. [`send`](Self::send) lets it go.
    pub(crate) fn try_publish(&self, message: Outgoing) -> Result<(), Outgoing> {
        match self {
            #[cfg(feature = "nats")]
            Self::Nats(link) => link.try_publish(message),
            Self::Memory(link) => {
                link.publish(&message.joined());
                Ok(())
            }
        }
    }

    /// Publishes, waiting while the way is full; [`send`](Self::send) lets it go. On an ended connection the message is
    /// dropped: what waits for an answer learns it from the connection's end.
    pub(crate) async fn publish(&self, message: Outgoing) {
        match self {
            #[cfg(feature = "nats")]
            Self::Nats(link) => link.publish(message).await,
            Self::Memory(link) => link.publish(&message.joined()),
        }
    }

    /// Lets go what was published, all of which may then go together.
    pub(crate) fn send(&self) {
        match self {
            #[cfg(feature = "nats")]
            Self::Nats(link) => link.send(),
            Self::Memory(_) => {}
        }
    }

    /// Whether it finds the reply subject for a BATCH of one.
    pub(crate) fn has_places(&self) -> bool {
        match self {
            #[cfg(feature = "nats")]
            Self::Nats(link) => link.has_places(),
            Self::Memory(_) => false,
        }
    }

    /// The last calls whose reply subject ended with this token.
    #[cfg_attr(
        not(feature = "nats"),
        expect(unused_variables, reason = "there are no places within the process")
    )]
    pub(crate) fn calls_at(&self, place: u64) -> Vec<u64> {
        match self {
            #[cfg(feature = "nats")]
            Self::Nats(link) => link.calls_at(place),
            Self::Memory(_) => Vec::new(),
        }
    }

    pub(crate) async fn subscribe(
        &self,
        subject: Subject,
        queue_group: Option<&str>,
    ) -> Result<Subscription, Status> {
        match self {
            #[cfg(feature = "nats")]
            Self::Nats(link) => link.subscribe(subject, queue_group).await.map(Subscription::Nats),
            Self::Memory(link) => link.subscribe(&subject, queue_group).map(Subscription::Memory),
        }
    }

    /// Subscribes to what can't be subscribed to, where that is refused by another way than messages come.
    #[cfg_attr(
        not(feature = "nats"),
        expect(unused_variables, reason = "nothing is refused within the process")
    )]
    pub(crate) async fn mark(&self, subject: &str) -> bool {
        match self {
            #[cfg(feature = "nats")]
            Self::Nats(link) => link.mark(subject).await,
            Self::Memory(_) => false,
        }
    }

    /// Done when everything that was published before it is first polled has left the process: see [`send`](Self::send).
    pub(crate) fn flushed(&self) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        match self {
            #[cfg(feature = "nats")]
            Self::Nats(link) => link.flushed(),
            Self::Memory(_) => Box::pin(ready(())),
        }
    }

    /// An `async-nats` client of the same server, while this link is there. `None`: there is no server.
    #[cfg(feature = "nats")]
    pub(crate) async fn nats_client(&self) -> Option<Result<async_nats::Client, Status>> {
        match self {
            Self::Nats(link) => Some(link.client().await),
            Self::Memory(_) => None,
        }
    }

    /// The server's address, for people.
    pub(crate) fn server(&self) -> &str {
        match self {
            #[cfg(feature = "nats")]
            Self::Nats(link) => link.server(),
            Self::Memory(_) => "the broker within the process",
        }
    }

    /// Random, or what follows from the seed of a broker within the process.
    pub(crate) fn seed(&self) -> u64 {
        match self {
            #[cfg(feature = "nats")]
            Self::Nats(_) => rand::random(),
            Self::Memory(link) => link.seed(),
        }
    }

    /// Unix milliseconds by this host's clock.
    pub(crate) fn now_ms(&self) -> u64 {
        match self {
            #[cfg(feature = "nats")]
            Self::Nats(link) => link.now_ms(),
            Self::Memory(link) => link.now_ms(),
        }
    }

    /// Largest payload in bytes.
    pub(crate) fn max_payload(&self) -> usize {
        match self {
            #[cfg(feature = "nats")]
            Self::Nats(link) => link.max_payload(),
            Self::Memory(link) => link.max_payload(),
        }
    }
}

/// Receives what is published to a subject.
pub(crate) enum Subscription {
    #[cfg(feature = "nats")]
    Nats(nats::Subscription),
    Memory(memory::Subscription),
}

impl Subscription {
    /// The next message; `None` when unsubscribed, or when the connection has ended.
    pub(crate) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Incoming>> {
        match self {
            #[cfg(feature = "nats")]
            Self::Nats(subscription) => subscription.poll_next(cx),
            Self::Memory(subscription) => subscription.poll_next(cx),
        }
    }

    pub(crate) async fn next(&mut self) -> Option<Incoming> {
        std::future::poll_fn(|cx| self.poll_next(cx)).await
    }

    /// Adds messages that are there already, until there are so many.
    pub(crate) async fn take_ready(&mut self, messages: &mut Vec<Incoming>, most: usize) {
        std::future::poll_fn(|cx| {
            while messages.len() < most
                && let Poll::Ready(Some(message)) = self.poll_next(cx)
            {
                messages.push(message);
            }
            Poll::Ready(())
        })
        .await;
    }

    /// Ends the subscription once it has received `count` messages in all.
    pub(crate) async fn unsubscribe_after(&mut self, count: u64) {
        match self {
            #[cfg(feature = "nats")]
            Self::Nats(subscription) => subscription.unsubscribe_after(count).await,
            Self::Memory(subscription) => subscription.unsubscribe_after(count),
        }
    }

    /// Ends the subscription at once; what has arrived can still be read.
    pub(crate) async fn unsubscribe(&mut self) {
        match self {
            #[cfg(feature = "nats")]
            Self::Nats(subscription) => subscription.unsubscribe().await,
            Self::Memory(subscription) => subscription.unsubscribe(),
        }
    }
}
