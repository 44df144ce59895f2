use std::any::Any;
use std::fmt;
use std::future::poll_fn;
use std::mem;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_core::Stream;
use futures_util::StreamExt;

use super::{Event, EventStream, MessageStream};
use crate::metadata::Metadata;
use crate::status::Status;

/// A stream of messages, either way: what a handler takes and returns, and what a caller gets.
///
/// It is a [`Stream`] of `Result<T, Status>`; [`message`](Self::message) needs no trait in scope. It ends after the last
/// message, or with one error. Dropping it gives the rest up, and at the caller the call.
///
/// ```
/// use futures_util::stream;
/// use nats_rpc::{Status, Streaming};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Status> {
/// let mut numbers = Streaming::new(stream::iter([Ok(1), Ok(2)]));
/// assert_eq!(numbers.message().await?, Some(1));
/// assert_eq!(numbers.message().await?, Some(2));
/// assert_eq!(numbers.message().await?, None);
/// # Ok(())
/// # }
/// ```
pub struct Streaming<T> {
    /// Never locked: it makes what is `Send` alone `Sync` as well, so that a request or a response around a stream can
    /// be borrowed across an await. `None` once the stream has ended.
    source: Mutex<Option<Source<T>>>,
    trailers: Option<Metadata>,
}

struct Source<T> {
    messages: Messages<T>,
    /// What else is said at a good end.
    at_end: Option<AtEnd>,
}

enum Messages<T> {
    Local(Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>),
    Requests(MessageStream, Decode<T>),
    Responses(EventStream, Decode<T>),
}

enum Next<T> {
    Message(T),
    End(Metadata),
}

type Decode<T> = fn(Bytes) -> Result<T, Status>;
type AtEnd = Box<dyn FnOnce() -> Metadata + Send>;

impl<T> Streaming<T> {
    /// Makes one of any other stream that has messages or an error. An error is the last that is taken of it.
    ///
    /// A `Streaming` is left as it is, with its trailers: so a service hands on what another one answers.
    #[must_use]
    pub fn new(stream: impl Stream<Item = Result<T, Status>> + Send + 'static) -> Self
    where
        T: 'static,
    {
        let mut stream = Some(stream);
        let own = (&mut stream as &mut dyn Any).downcast_mut::<Option<Self>>().and_then(Option::take);
        own.unwrap_or_else(|| Self::of(Messages::Local(Box::pin(stream.expect("it is another stream")))))
    }

    /// Makes one of a stream of messages alone.
    pub(super) fn of_messages(stream: impl Stream<Item = T> + Send + 'static) -> Self
    where
        T: 'static,
    {
        Self::of(Messages::Local(Box::pin(stream.map(Ok))))
    }

    /// Decodes what comes towards a service. A stream that ends has ended well.
    #[must_use]
    pub fn from_messages(messages: MessageStream, decode: fn(Bytes) -> Result<T, Status>) -> Self {
        Self::of(Messages::Requests(messages, decode))
    }

    /// Decodes what comes from a service. Events that end without trailers are an error, INTERNAL.
    #[must_use]
    pub fn from_events(events: EventStream, decode: fn(Bytes) -> Result<T, Status>) -> Self {
        Self::of(Messages::Responses(events, decode))
    }

    fn of(messages: Messages<T>) -> Self {
        Self { source: Mutex::new(Some(Source { messages, at_end: None })), trailers: None }
    }

    /// Adds trailers that are known only at the end: after the last message `trailers` is called, and what it returns
    /// goes behind the trailers that the stream or its [`Response`](super::Response) has anyway. An error ends the
    /// stream without them.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use std::sync::atomic::{AtomicU32, Ordering};
    /// use futures_util::{StreamExt, stream};
    /// use nats_rpc::{Metadata, Streaming};
    ///
    /// let counter = Arc::new(AtomicU32::new(0));
    /// let counted = Arc::clone(&counter);
    /// let numbers = stream::iter([1, 2, 3]).map(move |number| {
    ///     counted.fetch_add(1, Ordering::Relaxed);
    ///     Ok(number)
    /// });
    /// let numbers = Streaming::new(numbers).with_trailers(move || {
    ///     let mut trailers = Metadata::new();
    ///     trailers.insert("x-count", counter.load(Ordering::Relaxed).to_string()).expect("a valid value");
    ///     trailers
    /// });
    /// ```
    #[must_use]
    pub fn with_trailers(mut self, trailers: impl FnOnce() -> Metadata + Send + 'static) -> Self {
        if let Some(source) = self.source() {
            source.at_end = Some(match source.at_end.take() {
                None => Box::new(trailers),
                Some(first) => Box::new(|| {
                    let mut all = first();
                    all.extend(trailers());
                    all
                }),
            });
        }
        self
    }

    /// The next message; `None` after the last one.
    ///
    /// Nothing is lost when the future is dropped before it is ready.
    ///
    /// # Errors
    /// The status with which the stream ends; afterwards there is `None`. At the caller that is what the service says,
    /// or what a call ends with anyway, see [`Unary`](crate::client::Unary); at the service, CANCELLED when the caller
    /// has given up. INTERNAL when a message does not decode.
    pub async fn message(&mut self) -> Result<Option<T>, Status> {
        poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await.transpose()
    }

    /// The trailers, once the stream has ended well. Requests have none, so those of a stream of requests are empty.
    #[must_use]
    pub fn trailers(&self) -> Option<&Metadata> {
        self.trailers.as_ref()
    }

    pub(crate) fn take_trailers(&mut self) -> Metadata {
        self.trailers.take().unwrap_or_default()
    }

    fn source(&mut self) -> &mut Option<Source<T>> {
        self.source.get_mut().unwrap_or_else(PoisonError::into_inner)
    }

    /// The end, with the source gone: what it holds is free before the trailers are told.
    fn end(&mut self, mut trailers: Metadata) {
        if let Some(Source { messages, at_end }) = mem::take(self.source()) {
            drop(messages);
            trailers.extend(at_end.map(|at_end| at_end()).unwrap_or_default());
        }
        self.trailers = Some(trailers);
    }
}

impl<T> Messages<T> {
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Result<Next<T>, Status>> {
        let end = || Ok(Next::End(Metadata::new()));
        Poll::Ready(match self {
            Self::Local(stream) => match ready!(stream.as_mut().poll_next(cx)) {
                Some(item) => item.map(Next::Message),
                None => end(),
            },
            Self::Requests(stream, decode) => match ready!(stream.as_mut().poll_next(cx)) {
                Some(item) => item.and_then(decode).map(Next::Message),
                None => end(),
            },
            Self::Responses(stream, decode) => match ready!(stream.as_mut().poll_next(cx)) {
                Some(Ok(Event::Message(bytes))) => decode(bytes).map(Next::Message),
                Some(Ok(Event::Trailers(trailers))) => Ok(Next::End(trailers)),
                Some(Err(status)) => Err(status),
                None => Err(Status::internal("the stream stopped without saying how it ended")),
            },
        })
    }
}

impl<T> Stream for Streaming<T> {
    type Item = Result<T, Status>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Some(source) = self.source() else { return Poll::Ready(None) };
        Poll::Ready(match ready!(source.messages.poll_next(cx)) {
            Ok(Next::Message(message)) => Some(Ok(message)),
            Ok(Next::End(trailers)) => {
                self.end(trailers);
                None
            }
            Err(status) => {
                *self.source() = None;
                Some(Err(status))
            }
        })
    }
}

impl<T> fmt::Debug for Streaming<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Streaming").field("trailers", &self.trailers).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
