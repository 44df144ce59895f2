use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use crate::raw::Reply;
use crate::status::{BoxError, Status};

pin_project! {
    /// The answer of an [`IdempotencyService`](super::IdempotencyService).
    #[must_use = "a call's answer is in its future"]
    pub struct IdempotencyFuture<F> {
        #[pin]
        state: State<F>,
    }
}

pin_project! {
    #[project = StateProjected]
    enum State<F> {
        Passing { #[pin] handling: F },
        // A call with effects, and the way to a store: a box is the least of it.
        Remembered { answer: Pin<Box<dyn Future<Output = Result<Reply, Status>> + Send>> },
    }
}

impl<F> IdempotencyFuture<F> {
    pub(super) fn passing(handling: F) -> Self {
        Self { state: State::Passing { handling } }
    }

    pub(super) fn remembered(answer: impl Future<Output = Result<Reply, Status>> + Send + 'static) -> Self {
        Self { state: State::Remembered { answer: Box::pin(answer) } }
    }
}

impl<F, E> Future for IdempotencyFuture<F>
where
    F: Future<Output = Result<Reply, E>>,
    E: Into<BoxError>,
{
    type Output = Result<Reply, Status>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().state.project() {
            StateProjected::Passing { handling } => {
                handling.poll(cx).map_err(|error| Status::from_error(error.into()))
            }
            StateProjected::Remembered { answer } => answer.as_mut().poll(cx),
        }
    }
}

impl<F> fmt::Debug for IdempotencyFuture<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IdempotencyFuture").finish_non_exhaustive()
    }
}
