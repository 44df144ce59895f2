use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;

use super::permit::Permit;
use crate::call::{Event, EventStream};
use crate::raw::{Reply, ReplyBody};
use crate::status::Status;

/// A stream of responses whose call has its place until the stream ends.
struct Held {
    events: EventStream,
    permit: Option<Permit>,
}

/// Lets a reply that is a stream have its call's place.
pub(super) fn hold(reply: Reply, permit: Permit) -> Reply {
    match reply.into_parts() {
        (metadata, ReplyBody::Stream(events)) => {
            let held = Held { events, permit: Some(permit) };
            Reply::new(metadata, ReplyBody::Stream(Box::pin(held)))
        }
        (metadata, body) => Reply::new(metadata, body),
    }
}

impl Stream for Held {
    type Item = Result<Event, Status>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let event = ready!(self.events.as_mut().poll_next(cx));
        if !matches!(event, Some(Ok(Event::Message(_)))) {
            self.permit = None;
        }
        Poll::Ready(event)
    }
}
