use std::collections::VecDeque;
use std::fmt::Display;
use std::io;
use std::pin::Pin;
use std::str;
use std::sync::Arc;
use std::task::{Context, Poll};

use async_nats::{Event as Told, ServerError};
use tokio_util::sync::WaitForCancellationFutureOwned;

use super::commands;
use super::decoder::{Decoder, Message, Operation};
use super::info::Info;
use super::link::Shared;
use super::pings::{Due, Pings};
use super::queue::Taken;
use super::socket::ReadHalf;
use crate::subject::Subject;
use crate::transport::{Headers, Incoming};

/// Reads the socket for whoever reads the inbox. What is for other subscriptions is handed on.
pub(super) struct Reader {
    source: Source,
    shared: Arc<Shared>,
    /// The inbox' subscription.
    inbox: u64,
    messages: VecDeque<Incoming>,
    /// Messages in a row for one other subscription.
    others: Vec<Incoming>,
    other: u64,
}

/// What is read, and how.
pub(super) struct Source {
    pub(super) socket: ReadHalf,
    pub(super) decoder: Decoder,
    pub(super) pings: Pings,
    /// Nothing can be written any more, so that no answer would come.
    pub(super) ended: Pin<Box<WaitForCancellationFutureOwned>>,
}

impl Reader {
    pub(super) fn new(source: Source, shared: Arc<Shared>, inbox: u64) -> Self {
        Self { source, shared, inbox, messages: VecDeque::new(), others: Vec::new(), other: 0 }
    }

    pub(super) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Incoming>> {
        loop {
            if let Some(message) = self.messages.pop_front() {
                return Poll::Ready(Some(message));
            }
            let Source { socket, decoder, pings, ended } = &mut self.source;
            match decoder.poll_read(socket, cx) {
                Poll::Ready(Ok(true)) => pings.heard(),
                Poll::Ready(Ok(false)) => return self.ended("the server has closed it"),
                Poll::Ready(Err(error)) => return self.ended(error),
                Poll::Pending if ended.as_mut().poll(cx).is_ready() => {
                    return self.ended("it can't be written to");
                }
                Poll::Pending => match pings.poll(cx) {
                    Poll::Ready(Due::Ping) => {
                        self.shared.writer.ping();
                    }
                    Poll::Ready(Due::Gone) => return self.ended("the server does not answer"),
                    Poll::Pending => return Poll::Pending,
                },
            }
            if let Err(error) = self.take() {
                return self.ended(error);
            }
        }
    }

    /// Distributes what was read.
    fn take(&mut self) -> io::Result<()> {
        while let Some(operation) = self.source.decoder.next()? {
            match operation {
                Operation::Message(message) => {
                    let sid = message.sid;
                    let Some(mut message) = incoming(message) else { continue };
                    if sid == self.inbox {
                        if message.no_responders
                            && let Some(own) = self.shared.writer.own_subject(&message.subject)
                        {
                            message.subject = own;
                        }
                        self.messages.push_back(message);
                        continue;
                    }
                    if sid != self.other {
                        self.hand_on();
                        self.other = sid;
                    }
                    self.others.push(message);
                }
                Operation::Ping => self.shared.writer.write(|to| to.extend_from_slice(commands::PONG)),
                Operation::Info(text) => {
                    if Info::parse(&text)?.ldm {
                        self.shared.relay.tell(Told::LameDuckMode);
                    }
                }
                Operation::Pong => self.shared.writer.ponged(),
                Operation::Ok => {}
                Operation::Error(text) => {
                    self.hand_on();
                    self.shared.relay.tell(Told::ServerError(ServerError::Other(text)));
                }
            }
        }
        self.hand_on();
        Ok(())
    }

    fn hand_on(&mut self) {
        if self.others.is_empty() {
            return;
        }
        let Some(queue) = self.shared.queues.get(self.other) else { return self.others.clear() };
        match queue.push(&mut self.others) {
            Taken::All => {}
            Taken::Some => self.shared.relay.tell(Told::SlowConsumer(self.other)),
            Taken::Last => drop(self.shared.queues.remove(self.other)),
        }
    }

    fn ended(&self, why: impl Display) -> Poll<Option<Incoming>> {
        tracing::debug!(%why, "the connection has ended");
        self.shared.end();
        Poll::Ready(None)
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.shared.queues.end();
    }
}

fn incoming(message: Message) -> Option<Incoming> {
    let Message { subject, reply, headers, payload, .. } = message;
    let no_responders = payload.is_empty() && headers.starts_with(b"NATS/1.0 503");
    Some(Incoming {
        subject: Subject::from_utf8(subject)?,
        reply: match reply {
            None => None,
            Some(reply) => Some(Subject::from_utf8(reply)?),
        },
        headers: received(&headers),
        payload,
        no_responders,
    })
}

fn received(block: &[u8]) -> Option<Box<Headers>> {
    if block.is_empty() {
        return None;
    }
    let mut headers = Headers::default();
    for line in block.split(|byte| *byte == b'\n').skip(1) {
        if let Ok(line) = str::from_utf8(line)
            && let Some((name, value)) = line.split_once(':')
        {
            headers.push(name, value.trim());
        }
    }
    (!headers.is_empty()).then(|| Box::new(headers))
}
