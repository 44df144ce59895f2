use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;
use tower_service::Service;

use super::layers::Attempted;
use crate::layer::retry::RetryFuture;
use crate::raw::{Call, Reply};
use crate::status::{BoxError, Status};

pin_project! {
    /// A call within the default layers.
    #[must_use = "a call's answer is in its future"]
    pub struct StackFuture<S>
    where
        S: Service<Call, Response = Reply>,
        S: Clone,
        S::Error: Into<BoxError>,
    {
        #[pin]
        state: State<S>,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State<S>
    where
        S: Service<Call, Response = Reply>,
        S: Clone,
        S::Error: Into<BoxError>,
    {
        Bare { #[pin] future: S::Future },
        Full { #[pin] future: RetryFuture<Attempted<S>> },
        // With the failure, until it is told.
        Over { failure: Option<Status> },
    }
}

impl<S> StackFuture<S>
where
    S: Service<Call, Response = Reply, Error: Into<BoxError>> + Clone,
{
    pub(super) fn bare(future: S::Future) -> Self {
        Self { state: State::Bare { future } }
    }

    pub(super) fn full(future: RetryFuture<Attempted<S>>) -> Self {
        Self { state: State::Full { future } }
    }

    pub(super) fn over(failure: Status) -> Self {
        Self { state: State::Over { failure: Some(failure) } }
    }
}

impl<S> Future for StackFuture<S>
where
    S: Service<Call, Response = Reply, Error: Into<BoxError>> + Clone,
{
    type Output = Result<Reply, Status>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.project().state;
        let outcome = match state.as_mut().project() {
            StateProjection::Bare { future } => {
                ready!(future.poll(cx)).map_err(|error| Status::from_error(error.into()))
            }
            StateProjection::Full { future } => ready!(future.poll(cx)),
            StateProjection::Over { failure } => {
                Err(failure.take().expect("a call was polled after it had ended"))
            }
        };
        // What is given up is given up now, not when the future is dropped.
        state.set(State::Over { failure: None });
        Poll::Ready(outcome)
    }
}

impl<S> fmt::Debug for StackFuture<S>
where
    S: Service<Call, Response = Reply, Error: Into<BoxError>> + Clone,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StackFuture").finish_non_exhaustive()
    }
}
