//! A stream of requests: at the client, where it is sent, and at the server, where it is received.

use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_core::Stream;

use super::broken::status_of;
use super::compression::decompress;
use super::writer::{Item, Writer};
use crate::call::MessageStream;
use crate::spec::Method;
use crate::status::{Origin, Reason, Status};
use crate::transport::{Arrived, Broken, Flow, Messages};

/// Sends all messages of a stream, then half-closes. The call fails with an error of the stream.
pub(super) async fn send(flow: Arc<Flow>, mut writer: Writer, stream: &mut MessageStream) {
    let last = poll_fn(|cx| {
        writer.poll_all(cx, |cx| {
            let polled = catch_unwind(AssertUnwindSafe(|| stream.as_mut().poll_next(cx)));
            let panicked = |_| Poll::Ready(Some(Err(Status::unknown("the stream of requests panicked"))));
            polled.unwrap_or_else(panicked).map(|next| match next {
                Some(Ok(message)) => Item::Message(message),
                Some(Err(status)) => Item::Last(Err(status)),
                None => Item::Last(Ok(())),
            })
        })
    });
    match last.await {
        Ok(Ok(())) => {
            writer.half_close();
            // If that is not possible any more the call is over, and its reader knows how.
            let _ = poll_fn(|cx| writer.poll_flush(cx)).await;
        }
        Ok(Err(status)) => flow.break_off(Broken::Writer(given_up(status))),
        Err(_closed) => {}
    }
}

/// What a call fails with when its stream of requests does on the way. That may be the status of another call, whose reason
/// and origin are not those of this one; and the handler of this one may run.
fn given_up(status: Status) -> Status {
    status.with_origin(Origin::Local).with_reason(Reason::Cancelled).with_maybe_processed()
}

/// The requests that arrive at a server. When it is dropped before its end, what comes is thrown away.
pub(crate) struct Requests {
    flow: Arc<Flow>,
    method: Method,
    messages: Option<Messages>,
    ended: bool,
}

impl Requests {
    pub(crate) fn new(flow: Arc<Flow>, method: Method) -> Self {
        Self { flow, method, messages: None, ended: false }
    }
}

impl Stream for Requests {
    type Item = Result<Bytes, Status>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        loop {
            if let Some(messages) = &mut this.messages
                && let Some(message) = messages.next()
            {
                let message = decompress(messages.encoding, message, this.flow.max_message());
                this.ended |= message.is_err();
                return Poll::Ready(Some(message));
            }
            if this.ended {
                return Poll::Ready(None);
            }
            match ready!(this.flow.poll_next(cx)) {
                Ok(Arrived::Messages(messages)) => this.messages = Some(messages),
                Ok(Arrived::End) => this.ended = true,
                Ok(Arrived::Head(_) | Arrived::Terminal(_)) => {}
                Err(why) => {
                    this.ended = true;
                    // A handler that passes it on says it for its own server.
                    return Poll::Ready(Some(Err(status_of(why, &this.method).with_origin(Origin::Local))));
                }
            }
        }
    }
}

impl Drop for Requests {
    fn drop(&mut self) {
        if !self.ended {
            self.flow.discard();
        }
    }
}
