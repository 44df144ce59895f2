use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;
use tokio::time::{Instant, Sleep, sleep_until};

use super::stream::within;
use crate::raw::Reply;
use crate::status::{BoxError, Reason, Status};

pin_project! {
    /// A call through [`Deadline`](super::Deadline).
    #[must_use = "a call's answer is in its future"]
    pub struct DeadlineFuture<F> {
        #[pin]
        state: State<F>,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State<F> {
        Running {
            #[pin]
            future: F,
            // `None`: there is none, or it is kept inside.
            deadline: Option<Instant>,
            // Only what is not ready at once needs a timer.
            sleep: Option<Pin<Box<Sleep>>>,
        },
        // With the failure, until it is told.
        Over { failure: Option<Status> },
    }
}

impl<F> DeadlineFuture<F> {
    pub(super) fn new(future: F, deadline: Option<Instant>) -> Self {
        Self { state: State::Running { future, deadline, sleep: None } }
    }

    pub(super) fn over(failure: Status) -> Self {
        Self { state: State::Over { failure: Some(failure) } }
    }
}

impl<F, E> Future for DeadlineFuture<F>
where
    F: Future<Output = Result<Reply, E>>,
    E: Into<BoxError>,
{
    type Output = Result<Reply, Status>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.project().state;
        let outcome = match state.as_mut().project() {
            StateProjection::Running { future, deadline, sleep } => match (future.poll(cx), *deadline) {
                (Poll::Ready(Ok(reply)), Some(deadline)) => Ok(within(deadline, reply)),
                (Poll::Ready(outcome), _) => outcome.map_err(|error| Status::from_error(error.into())),
                (Poll::Pending, None) => return Poll::Pending,
                (Poll::Pending, Some(deadline)) => {
                    let sleep = sleep.get_or_insert_with(|| Box::pin(sleep_until(deadline)));
                    ready!(sleep.as_mut().poll(cx));
                    Err(too_late())
                }
            },
            StateProjection::Over { failure } => {
                Err(failure.take().expect("a call was polled after it had ended"))
            }
        };
        // What is given up is given up now, not when the future is dropped.
        state.set(State::Over { failure: None });
        Poll::Ready(outcome)
    }
}

pub(super) fn too_late() -> Status {
    Status::deadline_exceeded("the call did not end before its deadline").with_reason(Reason::Deadline)
}

impl<F> fmt::Debug for DeadlineFuture<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeadlineFuture").finish_non_exhaustive()
    }
}
