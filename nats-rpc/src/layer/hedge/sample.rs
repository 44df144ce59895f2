use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;
use tokio::time::Instant;

use super::observed::Observed;
use crate::raw::Reply;
use crate::status::{BoxError, Code, CodeSet, Reason, Status};

/// What a service says that is not well. All else is the caller's affair, and an answer like any other.
const FAILURES: CodeSet =
    CodeSet::of(&[Code::Unavailable, Code::ResourceExhausted, Code::Internal, Code::Unknown, Code::DataLoss]);

pin_project! {
    /// One attempt, of which something is recorded whatever becomes of it.
    pub(super) struct Sampled<F> {
        #[pin]
        future: F,
        sample: Sample,
    }
}

impl<F> Sampled<F> {
    pub(super) fn new(future: F, sample: Sample) -> Self {
        Self { future, sample }
    }
}

impl<F, E> Future for Sampled<F>
where
    F: Future<Output = Result<Reply, E>>,
    E: Into<BoxError>,
{
    type Output = Result<Reply, Status>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let outcome = ready!(this.future.poll(cx)).map_err(|error| Status::from_error(error.into()));
        this.sample.ended(&outcome);
        Poll::Ready(outcome)
    }
}

/// What is recorded of an attempt when it ends, or is dropped.
pub(super) struct Sample {
    observed: Arc<Observed>,
    began: Instant,
    ended: bool,
}

impl Sample {
    /// Of an attempt that begins now.
    pub(super) fn new(observed: &Arc<Observed>, began: Instant) -> Self {
        Self { observed: Arc::clone(observed), began, ended: false }
    }

    fn ended(&mut self, outcome: &Result<Reply, Status>) {
        self.ended = true;
        let now = Instant::now();
        match outcome {
            Err(status) if says_nothing(status) => {}
            // Hedging is for those that hang, so that one does is no reason to stop it.
            Err(status) if status.code() == Code::DeadlineExceeded => {
                self.observed.cut_off(now - self.began, now);
            }
            Err(status) if FAILURES.contains(status.code()) => self.observed.failed(now),
            Ok(_) | Err(_) => self.observed.answered(now - self.began, now),
        }
    }
}

/// Whether nobody at the service has seen it, or nobody waited for what the service would have said.
fn says_nothing(status: &Status) -> bool {
    let unseen = [Reason::NotConnected, Reason::NoResponders, Reason::CircuitOpen];
    status.code() == Code::Cancelled || status.reason().is_some_and(|reason| unseen.contains(&reason))
}

impl Drop for Sample {
    fn drop(&mut self) {
        if !self.ended {
            let now = Instant::now();
            self.observed.cut_off(now - self.began, now);
        }
    }
}
