use std::fmt;
use std::future::poll_fn;
use std::sync::Arc;

use bytes::Bytes;

use super::{Link, Subscription};
use crate::status::Status;
use crate::subject::Subject;
use crate::transport::{Headers, Incoming, Outgoing};

/// A client of a [`Broker`](super::Broker) that knows nothing of nats-rpc: for taps, forgers, and whatever else there
/// is on a broker. Made by [`Broker::client`](super::Broker::client).
///
/// It is connected as long as a clone of it, or one of its [`Subscriber`]s, exists.
#[derive(Clone)]
pub struct Client(Arc<Link>);

impl Client {
    pub(super) fn new(link: Link) -> Self {
        Self(Arc::new(link))
    }

    /// Publishes. Like a NATS client, it does not learn what becomes of the message.
    pub fn publish(&self, subject: &str, reply: Option<&str>, payload: impl Into<Bytes>) {
        let message = Message::new(subject, payload);
        self.send(match reply {
            Some(reply) => message.with_reply(reply),
            None => message,
        });
    }

    /// Publishes a message that may have headers.
    pub fn send(&self, message: Message) {
        self.0.publish(&message.into_outgoing());
    }

    /// Subscribes to a subject, in which `*` stands for one token and a last `>` for the rest.
    ///
    /// # Errors
    /// UNAVAILABLE when the connection has ended.
    pub fn subscribe(&self, pattern: &str, queue_group: Option<&str>) -> Result<Subscriber, Status> {
        let subscription = self.0.subscribe(&Subject::from(pattern.to_owned()), queue_group)?;
        Ok(Subscriber { subscription, _link: Arc::clone(&self.0) })
    }

    /// A subject for answers, random as the broker's seed has it.
    #[must_use]
    pub fn new_inbox(&self) -> String {
        self.0.new_inbox()
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").finish_non_exhaustive()
    }
}

/// A NATS message.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Message {
    /// Where it was published.
    pub subject: String,
    /// Where an answer should go.
    pub reply: Option<String>,
    /// Names and values, in order.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub payload: Bytes,
    /// The broker's 503: nobody listens to what was published with this reply subject.
    pub no_responders: bool,
}

impl Message {
    /// A message without reply subject and headers.
    #[must_use]
    pub fn new(subject: impl Into<String>, payload: impl Into<Bytes>) -> Self {
        Self {
            subject: subject.into(),
            reply: None,
            headers: Vec::new(),
            payload: payload.into(),
            no_responders: false,
        }
    }

    /// With a reply subject.
    #[must_use]
    pub fn with_reply(mut self, reply: impl Into<String>) -> Self {
        self.reply = Some(reply.into());
        self
    }

    /// With one header more.
    #[must_use]
    pub fn with_header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    fn into_outgoing(self) -> Outgoing {
        let mut headers = Headers::default();
        for (name, value) in self.headers {
            headers.push(name, value);
        }
        Outgoing {
            reply: self.reply.map(Subject::from),
            headers: (!headers.is_empty()).then(|| Box::new(headers)),
            ..Outgoing::new(Subject::from(self.subject), self.payload)
        }
    }
}

impl From<Incoming> for Message {
    fn from(message: Incoming) -> Self {
        let headers = message.headers.iter().flat_map(|headers| headers.iter());
        Self {
            subject: message.subject.as_str().to_owned(),
            reply: message.reply.map(|reply| reply.as_str().to_owned()),
            headers: headers.map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
            payload: message.payload,
            no_responders: message.no_responders,
        }
    }
}

/// What a [`Client`] subscribed to. Dropping it unsubscribes.
pub struct Subscriber {
    subscription: Subscription,
    _link: Arc<Link>,
}

impl Subscriber {
    /// The next message; `None` when unsubscribed, or when the connection has ended.
    pub async fn next(&mut self) -> Option<Message> {
        poll_fn(|cx| self.subscription.poll_next(cx)).await.map(Message::from)
    }

    /// A message that has arrived already.
    pub fn try_next(&mut self) -> Option<Message> {
        self.subscription.try_next().map(Message::from)
    }

    /// Unsubscribes. What has arrived can still be read.
    pub fn unsubscribe(&mut self) {
        self.subscription.unsubscribe();
    }

    /// Unsubscribes once `count` messages have been received in all.
    pub fn unsubscribe_after(&mut self, count: u64) {
        self.subscription.unsubscribe_after(count);
    }
}

impl fmt::Debug for Subscriber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscriber").finish_non_exhaustive()
    }
}
