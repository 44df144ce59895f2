use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;
use pin_project_lite::pin_project;
use tokio::time::{Instant, Sleep, sleep_until};

use super::future::too_late;
use crate::call::{Event, EventStream};
use crate::raw::{Reply, ReplyBody};
use crate::status::Status;

/// Keeps a stream of responses within the call's deadline.
pub(super) fn within(deadline: Instant, reply: Reply) -> Reply {
    match reply.into_parts() {
        (head, ReplyBody::Stream(stream)) => {
            let stream = Within { stream: Some(stream), deadline, sleep: None };
            Reply::new(head, ReplyBody::Stream(Box::pin(stream)))
        }
        (head, body) => Reply::new(head, body),
    }
}

pin_project! {
    struct Within {
        // `None`: it is over.
        stream: Option<EventStream>,
        deadline: Instant,
        #[pin]
        sleep: Option<Sleep>,
    }
}

impl Stream for Within {
    type Item = Result<Event, Status>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut this = self.project();
        let Some(stream) = this.stream else { return Poll::Ready(None) };
        // One that is ready all the time ends too.
        if *this.deadline > Instant::now() {
            if let Poll::Ready(next) = stream.as_mut().poll_next(cx) {
                return Poll::Ready(next);
            }
            if this.sleep.is_none() {
                this.sleep.set(Some(sleep_until(*this.deadline)));
            }
            if this.sleep.as_pin_mut().is_some_and(|sleep| sleep.poll(cx).is_pending()) {
                return Poll::Pending;
            }
        }
        *this.stream = None;
        Poll::Ready(Some(Err(too_late())))
    }
}
