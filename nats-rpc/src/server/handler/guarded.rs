use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;

use super::Guard;
use crate::raw::Reply;
use crate::status::Status;

pin_project! {
    /// A handler in its guard, and what makes a reply of its outcome.
    pub(super) struct Guarded<F, T> {
        #[pin]
        guard: Guard,
        #[pin]
        handling: F,
        reply: fn(Guard, T) -> Reply,
    }
}

impl<F, T> Guarded<F, T> {
    pub(super) fn new(guard: Guard, handling: F, reply: fn(Guard, T) -> Reply) -> Self {
        Self { guard, handling, reply }
    }
}

impl<F: Future<Output = Result<T, Status>>, T> Future for Guarded<F, T> {
    type Output = Result<Reply, Status>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let handling = this.handling;
        Poll::Ready(match ready!(this.guard.as_mut().poll(cx, |cx| handling.poll(cx))) {
            Ok(Ok(outcome)) => Ok((this.reply)(this.guard.take(), outcome)),
            Ok(Err(status)) => {
                this.guard.end();
                Err(status.of_handler())
            }
            Err(status) => Err(status),
        })
    }
}
