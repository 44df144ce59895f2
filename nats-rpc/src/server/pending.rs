use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::time::Instant;

use super::HandlerFuture;
use super::dispatch::{Serving, dismiss, poll};
use super::running::{Entry, Stop};
use super::stats::MethodStats;
use crate::raw::{Answer, Reply};
use crate::status::Status;

/// A call whose handler was not ready at once: a task that waits for it, and answers.
pub(super) struct Pending {
    pub(super) serving: Arc<Serving>,
    pub(super) stats: Arc<MethodStats>,
    pub(super) arrived: Instant,
    pub(super) entry: Entry,
    /// Until the call is over.
    pub(super) work: Option<(HandlerFuture, Answer)>,
}

impl Pending {
    fn poll_outcome(&mut self, cx: &mut Context<'_>) -> Poll<Outcome> {
        let Some((handling, _)) = &mut self.work else { return Poll::Pending };
        if let Poll::Ready(outcome) = poll(handling, cx) {
            return Poll::Ready(Some(outcome));
        }
        self.entry.poll_stop(cx).map(|stop| match stop {
            Stop::GivenUp => None,
            Stop::Orphaned => Some(Err(Status::unavailable("nobody has asked after the call for long"))),
            Stop::Shutdown => Some(Err(Status::unavailable("the server was shut down during the call"))),
        })
    }
}

/// `None`: nobody awaits it.
type Outcome = Option<Result<Reply, Status>>;

impl Future for Pending {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let outcome = std::task::ready!(self.poll_outcome(cx));
        let Some((handling, answer)) = self.work.take() else { return Poll::Ready(()) };
        // What it holds is given back before the caller knows that it is over.
        dismiss(handling);
        let busy = self.arrived.elapsed();
        match outcome {
            Some(outcome) => {
                self.stats.record(outcome.as_ref().err(), busy);
                self.serving.answer(answer.finish(outcome, busy));
            }
            None => {
                self.stats.record(Some(&Status::cancelled("the caller gave up")), busy);
                self.serving.close(answer.reply());
            }
        }
        Poll::Ready(())
    }
}
