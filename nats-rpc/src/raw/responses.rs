use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_core::Stream;
use tokio::time::Instant;

use super::attempt::{Attempt, Came};
use super::broken::status_of;
use super::compression::decompress;
use super::draft::Draft;
use super::ending::Ending;
use super::pursuit::{disconnected, expired, lost};
use crate::call::{Cancelled, Event};
use crate::spec::Method;
use crate::status::Status;
use crate::transport::{Arrived, Connection, Delivery, Messages};

/// The responses of a call as they come over a connection. Dropping it before its end gives the call up.
pub(super) struct Responses {
    method: Method,
    max_message: usize,
    deadline: Option<Instant>,
    cancelled: Cancelled,
    /// What has arrived together.
    messages: Option<Messages>,
    /// `None`: it is over.
    attempt: Option<Attempt>,
    /// It lasts as long as its calls.
    _connection: Connection,
}

impl Responses {
    pub(super) fn new(attempt: Attempt, messages: Option<Messages>, draft: &Draft) -> Self {
        Self {
            method: draft.method.clone(),
            max_message: draft.limits.max_message,
            deadline: draft.deadline(),
            cancelled: draft.until_cancelled(),
            messages,
            attempt: Some(attempt),
            _connection: draft.connection().clone(),
        }
    }

    /// What came means the end, or nothing.
    fn take(&mut self, came: Came) -> Option<Result<Event, Status>> {
        match came {
            Came::Arrived(Arrived::Messages(messages)) => {
                self.messages = Some(messages);
                None
            }
            Came::Arrived(Arrived::Terminal(payload)) => {
                self.attempt.as_mut()?.end();
                Some(last_event(&payload))
            }
            Came::Arrived(Arrived::Head(_) | Arrived::End) => None,
            Came::Broken(why) => Some(Err(status_of(why, &self.method))),
            Came::Delivery(delivery) => self.deliver(&delivery).map(Err),
        }
    }

    fn deliver(&mut self, delivery: &Delivery) -> Option<Status> {
        let attempt = self.attempt.as_mut()?;
        match delivery {
            Delivery::Lost(why) => {
                let status = lost(*why, attempt.instance().unwrap_or_default(), &self.method);
                attempt.lost(*why);
                Some(status)
            }
            Delivery::Disconnected => Some(disconnected(&self.method)),
            Delivery::Alarm if self.deadline.is_some_and(|deadline| deadline <= Instant::now()) => {
                Some(expired(&self.method))
            }
            Delivery::Alarm => {
                attempt.look_at_deadline();
                None
            }
            Delivery::Message { .. } | Delivery::NoResponders | Delivery::Unbatched | Delivery::Denied => {
                None
            }
        }
    }
}

impl Stream for Responses {
    type Item = Result<Event, Status>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        loop {
            if let Some(messages) = &mut this.messages
                && let Some(message) = messages.next()
            {
                let message = decompress(messages.encoding, message, this.max_message);
                if message.is_err() {
                    (this.messages, this.attempt) = (None, None);
                }
                return Poll::Ready(Some(message.map(Event::Message)));
            }
            this.messages = None;
            let Some(attempt) = &mut this.attempt else { return Poll::Ready(None) };
            let last = match attempt.poll_came(cx) {
                Poll::Ready(came) => this.take(came),
                Poll::Pending => Some(Err(ready!(Pin::new(&mut this.cancelled).poll(cx)))),
            };
            if last.is_some() {
                // The service is told now, not when the stream is dropped.
                this.attempt = None;
                return Poll::Ready(last);
            }
        }
    }
}

/// The end of a stream as the service says it.
pub(super) fn last_event(payload: &Bytes) -> Result<Event, Status> {
    match Ending::of_frame(payload, 0) {
        Ok(Ending { outcome: Ok(_), trailers, .. }) => Ok(Event::Trailers(trailers)),
        Ok(Ending { outcome: Err(status), .. }) => Err(status),
        Err(malformed) => Err(Status::internal(format!("the end of the stream is broken: {malformed}"))),
    }
}
