use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_core::Stream;

use super::failure::Failure;
use crate::call::{MessageStream, Scope, Streaming};
use crate::codec::Encoder;
use crate::status::Status;

/// Encodes requests within the context of whoever makes the call, wherever they are polled: within the process that is
/// in the context of the service's handler.
pub(super) fn messages<Q: 'static>(
    requests: Streaming<Q>,
    encoder: Encoder<Q>,
    failure: Arc<Failure>,
) -> MessageStream {
    let scope = Scope::within(crate::call::Context::current());
    Box::pin(Requests { requests: Some(requests), encoder, scope, failure })
}

struct Requests<Q> {
    /// `None`: they have ended.
    requests: Option<Streaming<Q>>,
    encoder: Encoder<Q>,
    scope: Scope,
    failure: Arc<Failure>,
}

impl<Q> Requests<Q> {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Status>>> {
        let Some(requests) = &mut self.requests else { return Poll::Ready(None) };
        let item = ready!(self.scope.enter(|| Pin::new(requests).poll_next(cx)));
        Poll::Ready(item.map(|item| item.and_then(|message| self.encoder.encode(&message))))
    }
}

impl<Q> Stream for Requests<Q> {
    type Item = Result<Bytes, Status>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        // A panic here is none of the service's, nor of what carries the call.
        let polled = catch_unwind(AssertUnwindSafe(|| self.poll(cx)));
        let item = ready!(polled.unwrap_or_else(|_| {
            Poll::Ready(Some(Err(Status::cancelled("the stream of requests panicked"))))
        }));
        if !matches!(item, Some(Ok(_))) {
            self.requests = None;
        }
        if let Some(Err(status)) = &item {
            self.failure.set(status.clone());
        }
        Poll::Ready(item)
    }
}
