use std::pin::Pin;
use std::task::{Context, Poll};

use async_nats::{Client, Subscriber};
use futures_core::Stream;
use futures_util::FutureExt;

use super::headers;
use crate::status::Status;
use crate::subject::Subject;
use crate::transport::{Incoming, Outgoing};

/// One `async-nats` client that does not connect again.
pub(super) struct Link(pub(super) Client);

impl Link {
    pub(super) fn try_publish(&self, message: Outgoing) -> Result<(), Outgoing> {
        // Without the budget of cooperative tasks: used up, it would look as if the way were full.
        match tokio::task::unconstrained(self.publish(message.clone())).now_or_never() {
            Some(()) => Ok(()),
            None => Err(message),
        }
    }

    pub(super) async fn publish(&self, message: Outgoing) {
        let Outgoing { subject, reply, headers, payload, .. } = message.joined();
        let (Some(subject), Some(reply)) =
            (to_nats(subject), reply.map_or(Some(None), |r| to_nats(r).map(Some)))
        else {
            return;
        };
        let client = &self.0;
        let published = match (reply, headers) {
            (None, None) => client.publish(subject, payload).await,
            (Some(reply), None) => client.publish_with_reply(subject, reply, payload).await,
            (None, Some(map)) => client.publish_with_headers(subject, headers::to_send(&map), payload).await,
            (Some(reply), Some(map)) => {
                let map = headers::to_send(&map);
                client.publish_with_reply_and_headers(subject, reply, map, payload).await
            }
        };
        if let Err(error) = published {
            tracing::debug!(%error, "not published");
        }
    }

    pub(super) async fn subscribe(
        &self,
        subject: Subject,
        queue_group: Option<&str>,
    ) -> Result<Subscription, Status> {
        let subject = subject.as_str().to_owned();
        let subscribed = match queue_group {
            None => self.0.subscribe(subject).await,
            Some(group) => self.0.queue_subscribe(subject, group.to_owned()).await,
        };
        match subscribed {
            Ok(subscriber) => Ok(Subscription { subscriber }),
            Err(error) => Err(Status::transport(format!("can't subscribe: {error}"))),
        }
    }

    /// Subscribes to what the server will refuse.
    pub(super) async fn mark(&self, subject: &str) -> bool {
        // Nothing will come, so it need not be kept.
        self.0.subscribe(subject.to_owned()).await.map(drop).is_ok()
    }

    pub(super) fn flushed(&self) -> impl Future<Output = ()> + Send + 'static {
        let client = self.0.clone();
        async move {
            if let Err(error) = client.flush().await {
                tracing::debug!(%error, "not flushed");
            }
        }
    }

    pub(super) fn max_payload(&self) -> usize {
        self.0.max_payload()
    }
}

/// Text to text without a copy; it can only fail on what is no text.
fn to_nats(subject: Subject) -> Option<async_nats::Subject> {
    async_nats::Subject::from_utf8(subject.into_bytes()).ok()
}

pub(crate) struct Subscription {
    subscriber: Subscriber,
}

impl Subscription {
    pub(super) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Incoming>> {
        Pin::new(&mut self.subscriber).poll_next(cx).map(|next| next.map(incoming))
    }

    pub(super) async fn unsubscribe_after(&mut self, count: u64) {
        // Fails only when the connection has ended, and then so has the subscription.
        let _ = self.subscriber.unsubscribe_after(count).await;
    }

    pub(super) async fn unsubscribe(&mut self) {
        let _ = self.subscriber.unsubscribe().await;
    }
}

fn incoming(message: async_nats::Message) -> Incoming {
    let no_responders =
        message.status == Some(async_nats::StatusCode::NO_RESPONDERS) && message.payload.is_empty();
    Incoming {
        subject: from_nats(message.subject),
        reply: message.reply.map(from_nats),
        headers: message.headers.as_ref().and_then(headers::received),
        payload: message.payload,
        no_responders,
    }
}

fn from_nats(subject: async_nats::Subject) -> Subject {
    Subject::from(subject.into_string())
}
