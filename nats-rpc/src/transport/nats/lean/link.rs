use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::commands;
use super::handshake::Session;
use super::pings::Pings;
use super::queue::Queue;
use super::queues::Queues;
use super::reader::{Reader, Source};
use super::writer::Writer;
use crate::status::Status;
use crate::subject::Subject;
use crate::transport::nats::builder::SUBSCRIPTION_CAPACITY;
use crate::transport::nats::relay::Relay;
use crate::transport::{Incoming, Outgoing, lock};

/// One connection, which does not connect again.
pub(crate) struct Link {
    shared: Arc<Shared>,
    /// Until somebody subscribes: the first, which is the inbox, reads for all.
    source: Mutex<Option<Source>>,
    max_payload: usize,
    /// Writes what the socket does not take at once.
    writing: JoinHandle<()>,
}

/// What all that belongs to a connection share.
pub(super) struct Shared {
    pub(super) writer: Writer,
    pub(super) queues: Queues,
    pub(super) relay: Relay,
}

impl Shared {
    pub(super) fn end(&self) {
        self.writer.end();
        self.queues.end();
    }
}

impl Link {
    /// Must be called within a runtime.
    pub(in super::super) fn new(session: Session, relay: Relay, ping_interval: Duration) -> Self {
        let Session { reader, writer, decoder, info } = session;
        let ended = CancellationToken::new();
        let writer = Writer::new(writer, ended.clone());
        let shared = Arc::new(Shared { writer, queues: Queues::default(), relay });
        let writing = tokio::spawn({
            let shared = Arc::clone(&shared);
            async move { shared.writer.run().await }
        });
        let pings = Pings::new(ping_interval);
        let source = Source { socket: reader, decoder, pings, ended: Box::pin(ended.cancelled_owned()) };
        Self { shared, source: Mutex::new(Some(source)), max_payload: info.max_payload, writing }
    }

    pub(crate) fn try_publish(&self, message: Outgoing) -> Result<(), Outgoing> {
        self.shared.writer.try_publish(message)
    }

    pub(crate) async fn publish(&self, message: Outgoing) {
        self.shared.writer.publish(message).await;
    }

    /// Lets go what was published.
    pub(crate) fn send(&self) {
        self.shared.writer.send();
    }

    pub(crate) fn subscribe(
        &self,
        subject: &Subject,
        queue_group: Option<&str>,
    ) -> Result<Subscription, Status> {
        let source = lock(&self.source).take();
        let queue = Arc::new(Queue::new(SUBSCRIPTION_CAPACITY));
        let own = source.is_none().then(|| Arc::clone(&queue));
        let Some(sid) = self.shared.queues.add(own) else {
            return Err(Status::transport("can't subscribe: the connection has ended"));
        };
        let shared = Arc::clone(&self.shared);
        if let Some(prefix) = subject.as_str().strip_suffix('*').filter(|_| source.is_some()) {
            self.shared.writer.open_places(Subject::from(prefix.to_owned()));
        }
        let messages = match source {
            Some(source) => Messages::Read(Box::new(Reader::new(source, Arc::clone(&shared), sid))),
            None => Messages::Handed(queue),
        };
        self.shared.writer.write(|to| commands::subscribe(subject.as_str(), queue_group, sid, to));
        Ok(Subscription { messages, sid, shared })
    }

    /// The calls that may be meant by what comes to the place with this token.
    pub(crate) fn calls_at(&self, place: u64) -> Vec<u64> {
        self.shared.writer.calls_at(place)
    }

    /// Subscribes to what the server will refuse.
    pub(crate) fn mark(&self, subject: &str) -> bool {
        let Some(sid) = self.shared.queues.add(None) else { return false };
        self.shared.writer.write(|to| commands::subscribe(subject, None, sid, to));
        true
    }

    pub(crate) fn flushed(&self) -> impl Future<Output = ()> + Send + 'static {
        let shared = Arc::clone(&self.shared);
        async move { shared.writer.flush().await }
    }

    pub(crate) fn max_payload(&self) -> usize {
        self.max_payload
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.shared.end();
        self.writing.abort();
    }
}

pub(crate) struct Subscription {
    messages: Messages,
    sid: u64,
    shared: Arc<Shared>,
}

enum Messages {
    /// Whoever polls reads the socket.
    Read(Box<Reader>),
    /// By whoever reads the socket.
    Handed(Arc<Queue>),
}

impl Subscription {
    pub(crate) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Incoming>> {
        match &mut self.messages {
            Messages::Read(reader) => reader.poll_next(cx),
            Messages::Handed(queue) => queue.poll(cx),
        }
    }

    /// The inbox is never unsubscribed.
    pub(crate) fn unsubscribe_after(&mut self, count: u64) {
        if let Messages::Handed(queue) = &self.messages {
            self.shared.writer.write(|to| commands::unsubscribe(self.sid, Some(count), to));
            if queue.end_after(count) {
                self.shared.queues.remove(self.sid);
            }
        }
    }

    pub(crate) fn unsubscribe(&mut self) {
        if let Some(queue) = self.shared.queues.remove(self.sid) {
            queue.end();
            self.shared.writer.write(|to| commands::unsubscribe(self.sid, None, to));
        }
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.unsubscribe();
    }
}
