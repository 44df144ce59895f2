use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;

use super::prepared::Prepared;
use crate::raw::{Call, CallService, Reply};
use crate::status::Status;

pin_project! {
    /// A call that is made when it is first polled, up to its reply.
    #[project = MakingProjection]
    pub(super) enum Making<S, F> {
        Prepared { prepared: Prepared<S> },
        Running { #[pin] future: F },
        Done,
    }
}

impl<S: CallService> Making<S, S::Future> {
    pub(super) fn new(prepared: Prepared<S>) -> Self {
        Self::Prepared { prepared }
    }

    /// What carries the call, and the call, unless it is made.
    pub(super) fn into_prepared(self) -> (S, Result<Call, Status>) {
        match self {
            Self::Prepared { prepared } => prepared.into_parts(),
            Self::Running { .. } | Self::Done => panic!("a call is made once"),
        }
    }

    pub(super) fn change(self, change: impl FnOnce(Call) -> Result<Call, Status>) -> Self {
        match self {
            Self::Prepared { prepared } => Self::new(prepared.change(change)),
            made => made,
        }
    }
}

impl<S: CallService> Future for Making<S, S::Future> {
    type Output = Result<Reply, Status>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        loop {
            let outcome = match self.as_mut().project() {
                MakingProjection::Prepared { prepared } => match ready!(prepared.poll_ready(cx)) {
                    Ok(call) => {
                        let future = prepared.make(call);
                        self.set(Self::Running { future });
                        continue;
                    }
                    Err(status) => Err(status),
                },
                MakingProjection::Running { future } => {
                    ready!(future.poll(cx)).map_err(|error| Status::from_error(error.into()))
                }
                MakingProjection::Done => panic!("a call was polled after it had ended"),
            };
            self.set(Self::Done);
            return Poll::Ready(outcome);
        }
    }
}

impl<S, F> fmt::Debug for Making<S, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Prepared { prepared } => prepared.fmt(f),
            Self::Running { .. } => f.write_str("Running"),
            Self::Done => f.write_str("Done"),
        }
    }
}
