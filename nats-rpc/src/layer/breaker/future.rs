use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;

use super::passage::Passage;
use crate::raw::Reply;
use crate::status::{BoxError, Status};

pin_project! {
    /// A call behind a [`Breaker`](super::Breaker). Its outcome is counted when it ends, and when it is dropped.
    #[derive(Debug)]
    #[must_use = "a call's answer is in its future"]
    pub struct BreakerFuture<F> {
        #[pin]
        state: State<F>,
    }
}

pin_project! {
    #[project = Projected]
    #[derive(Debug)]
    enum State<F> {
        Running { #[pin] call: F, passage: Passage },
        Rejected { status: Option<Status> },
    }
}

impl<F> BreakerFuture<F> {
    pub(super) fn running(call: F, passage: Passage) -> Self {
        Self { state: State::Running { call, passage } }
    }

    pub(super) fn rejected(status: Status) -> Self {
        Self { state: State::Rejected { status: Some(status) } }
    }
}

impl<F, E> Future for BreakerFuture<F>
where
    F: Future<Output = Result<Reply, E>>,
    E: Into<BoxError>,
{
    type Output = Result<Reply, Status>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().state.project() {
            Projected::Running { call, passage } => {
                let result = ready!(call.poll(cx)).map_err(|error| Status::from_error(error.into()));
                passage.end(&result);
                Poll::Ready(result)
            }
            Projected::Rejected { status } => {
                Poll::Ready(Err(status.take().expect("a call was polled after it had ended")))
            }
        }
    }
}
