use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_core::Stream;

use super::{Event, EventStream};
use crate::metadata::Metadata;
use crate::status::Status;

/// A stream of messages from the other side.
///
/// Ends after the last message, or with one error. Dropping it gives the rest up.
pub struct Streaming<T> {
    events: EventStream,
    decode: fn(Bytes) -> Result<T, Status>,
    trailers: Option<Metadata>,
    ended: bool,
}

impl<T> Streaming<T> {
    /// Decodes the messages of `events`.
    #[must_use]
    pub fn new(events: EventStream, decode: fn(Bytes) -> Result<T, Status>) -> Self {
        Self { events, decode, trailers: None, ended: false }
    }

    /// The trailers, once the stream has ended well.
    #[must_use]
    pub fn trailers(&self) -> Option<&Metadata> {
        self.trailers.as_ref()
    }
}

impl<T> Stream for Streaming<T> {
    type Item = Result<T, Status>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.ended {
            return Poll::Ready(None);
        }
        let item = match ready!(self.events.as_mut().poll_next(cx)) {
            Some(Ok(Event::Message(bytes))) => Some((self.decode)(bytes)),
            Some(Ok(Event::Trailers(trailers))) => {
                self.trailers = Some(trailers);
                None
            }
            Some(Err(status)) => Some(Err(status)),
            None => Some(Err(Status::internal("the stream stopped without saying how it ended"))),
        };
        self.ended = !matches!(item, Some(Ok(_)));
        Poll::Ready(item)
    }
}

impl<T> fmt::Debug for Streaming<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Streaming").field("trailers", &self.trailers).field("ended", &self.ended).finish()
    }
}

#[cfg(test)]
mod tests {
    use futures_util::{StreamExt, stream};

    use super::{Event, Streaming};
    use crate::status::{Code, Status};

    fn streaming(events: Vec<Result<Event, Status>>) -> Streaming<usize> {
        Streaming::new(Box::pin(stream::iter(events)), |bytes| Ok(bytes.len()))
    }

    #[tokio::test]
    async fn messages_then_trailers() {
        let message = Event::Message("four".into());
        let mut stream = streaming(vec![Ok(message), Ok(Event::Trailers(Default::default()))]);
        assert_eq!(stream.next().await.unwrap().unwrap(), 4);
        assert!(stream.trailers().is_none());
        assert!(stream.next().await.is_none());
        assert!(stream.trailers().is_some());
        assert!(stream.next().await.is_none());
    }

    #[tokio::test]
    async fn stopping_without_an_end_is_an_error() {
        let mut stream = streaming(vec![Ok(Event::Message("x".into()))]);
        assert!(stream.next().await.unwrap().is_ok());
        assert_eq!(stream.next().await.unwrap().unwrap_err().code(), Code::Internal);
        assert!(stream.next().await.is_none());
    }
}
