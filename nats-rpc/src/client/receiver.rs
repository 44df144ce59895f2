use std::fmt;
use std::future::{Future, poll_fn};
use std::panic::resume_unwind;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_core::Stream;
use tokio::task::JoinHandle;
use tokio_util::task::AbortOnDropHandle;

use super::pipe::Pipe;
use super::reply::many_responses;
use crate::call::Streaming;
use crate::metadata::Metadata;
use crate::raw::Reply;
use crate::status::Status;

/// The half of a call that receives responses: a [`Stream`] of them.
///
/// It ends after the last message, or with one error. Dropping it gives the call up, also when the service has not said
/// anything yet.
#[must_use = "dropping it gives the call up"]
pub struct ResponseReceiver<R> {
    head: Head<R>,
    decode: fn(Bytes) -> Result<R, Status>,
    pipe: Arc<Pipe>,
}

/// What comes before the first message.
enum Head<R> {
    Awaited(AbortOnDropHandle<Result<Reply, Status>>),
    Here(Metadata, Streaming<R>),
    /// The call has failed without one.
    Failed {
        status: Status,
        told: bool,
    },
}

impl<R> ResponseReceiver<R> {
    pub(super) fn new(
        head: JoinHandle<Result<Reply, Status>>,
        decode: fn(Bytes) -> Result<R, Status>,
        pipe: Arc<Pipe>,
    ) -> Self {
        Self { head: Head::Awaited(AbortOnDropHandle::new(head)), decode, pipe }
    }

    /// Waits for the metadata that the service sends before its first message.
    ///
    /// # Errors
    /// The status of a call that has failed without it, as [`Unary`](super::Unary).
    pub async fn metadata(&mut self) -> Result<&Metadata, Status> {
        poll_fn(|cx| self.poll_head(cx)).await;
        match &self.head {
            Head::Here(metadata, _) => Ok(metadata),
            Head::Failed { status, .. } => Err(status.clone()),
            Head::Awaited(_) => unreachable!("it was awaited"),
        }
    }

    /// The next message; `None` after the last one.
    ///
    /// Nothing is lost when the future is dropped before it is ready.
    ///
    /// # Errors
    /// What the call ends with, as [`Unary`](super::Unary); afterwards there is `None`. CANCELLED too when whoever sent
    /// the requests panicked.
    pub async fn message(&mut self) -> Result<Option<R>, Status> {
        poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await.transpose()
    }

    /// The trailers, once the stream has ended well.
    #[must_use]
    pub fn trailers(&self) -> Option<&Metadata> {
        match &self.head {
            Head::Here(_, messages) => messages.trailers(),
            Head::Awaited(_) | Head::Failed { .. } => None,
        }
    }

    fn poll_head(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Head::Awaited(head) = &mut self.head else { return Poll::Ready(()) };
        let polled = Pin::new(head).poll(cx).map(|joined| match joined {
            Ok(outcome) => outcome,
            // As if it had been awaited here.
            Err(error) if error.is_panic() => resume_unwind(error.into_panic()),
            Err(_) => Err(Status::cancelled("the runtime is shutting down")),
        });
        let outcome = ready!(self.pipe.failure().or(polled, cx, Err));
        self.head = match outcome.and_then(|reply| many_responses(reply, self.decode, None)) {
            Ok(response) => {
                let (messages, metadata, _) = response.into_parts();
                Head::Here(metadata, messages)
            }
            Err(status) => {
                self.pipe.end();
                Head::Failed { status, told: false }
            }
        };
        Poll::Ready(())
    }
}

impl<R> Stream for ResponseReceiver<R> {
    type Item = Result<R, Status>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        ready!(self.poll_head(cx));
        let Self { head, pipe, .. } = &mut *self;
        match head {
            Head::Here(_, messages) => {
                let polled = Pin::new(messages).poll_next(cx).map(Ok);
                match ready!(pipe.failure().or(polled, cx, Err)) {
                    Ok(item) => {
                        if !matches!(item, Some(Ok(_))) {
                            pipe.end();
                        }
                        Poll::Ready(item)
                    }
                    Err(status) => {
                        self.head = Head::Failed { status: status.clone(), told: true };
                        Poll::Ready(Some(Err(status)))
                    }
                }
            }
            Head::Failed { told: true, .. } => Poll::Ready(None),
            Head::Failed { status, told } => {
                *told = true;
                Poll::Ready(Some(Err(status.clone())))
            }
            Head::Awaited(_) => unreachable!("it was awaited"),
        }
    }
}

impl<R> Drop for ResponseReceiver<R> {
    fn drop(&mut self) {
        self.pipe.give_up(Status::cancelled("the receiver of the responses was dropped"));
    }
}

impl<R> fmt::Debug for ResponseReceiver<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("ResponseReceiver");
        match &self.head {
            Head::Awaited(_) => debug.field("head", &"awaited"),
            Head::Here(metadata, messages) => debug.field("metadata", metadata).field("messages", messages),
            Head::Failed { status, .. } => debug.field("status", status),
        };
        debug.finish_non_exhaustive()
    }
}
