use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use pin_project_lite::pin_project;

use super::{Guard, panicked};
use crate::call::{Event, Streaming};
use crate::codec::Encoder;
use crate::metadata::Metadata;
use crate::status::Status;

pin_project! {
    /// What a handler answers with, encoded; it runs in what the handler ran in.
    pub(super) struct Responses<R> {
        #[pin]
        guard: Guard,
        // `None`: it has ended.
        messages: Option<Streaming<R>>,
        encoder: Encoder<R>,
        trailers: Metadata,
    }
}

impl<R> Responses<R> {
    pub(super) fn new(guard: Guard, messages: Streaming<R>, encoder: Encoder<R>, trailers: Metadata) -> Self {
        Self { guard, messages: Some(messages), encoder, trailers }
    }
}

impl<R> Stream for Responses<R> {
    type Item = Result<Event, Status>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut this = self.project();
        let Some(messages) = this.messages else { return Poll::Ready(None) };
        let polled = match this.guard.as_mut().over(cx) {
            Some(status) => Err(status),
            None => ready!(this.guard.as_mut().poll(cx, |cx| {
                Poll::Ready(match ready!(Pin::new(&mut *messages).poll_next(cx)) {
                    Some(item) => item
                        .map_err(Status::of_handler)
                        .and_then(|message| this.encoder.encode(&message))
                        .map(Event::Message),
                    None => {
                        this.trailers.extend(messages.take_trailers());
                        Ok(Event::Trailers(mem::take(this.trailers)))
                    }
                })
            })),
        };
        if matches!(polled, Ok(Ok(Event::Message(_)))) {
            return Poll::Ready(polled.ok());
        }
        if polled.is_ok() {
            this.guard.as_mut().end();
        }
        let messages = this.messages.take();
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| drop(messages))) {
            panicked(&*panic);
        }
        drop(this.guard.take());
        // It may be of another call that was not processed; this one was.
        Poll::Ready(Some(polled.flatten().map_err(Status::with_maybe_processed)))
    }
}
