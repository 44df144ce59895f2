use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::time::Instant;

use super::HandlerFuture;
use super::dispatch::{Serving, dismiss, poll};
use super::running::Entry;
use super::stats::MethodStats;
use super::streamed::Streamed;
use crate::raw::{Answer, Reply};
use crate::spec::Method;
use crate::status::Status;

/// A call whose handler was not ready at once: a task that waits for it, and answers.
pub(super) struct Pending {
    pub(super) serving: Arc<Serving>,
    pub(super) method: Method,
    pub(super) stats: Arc<MethodStats>,
    pub(super) arrived: Instant,
    /// Until it is over, or goes on as a stream.
    pub(super) entry: Option<Entry>,
    /// Until the call is over.
    pub(super) work: Option<(HandlerFuture, Answer)>,
}

impl Pending {
    fn poll_outcome(&mut self, cx: &mut Context<'_>) -> Poll<Outcome> {
        let Some((handling, _)) = &mut self.work else { return Poll::Pending };
        if let Poll::Ready(outcome) = poll(handling, cx) {
            return Poll::Ready(Some(outcome));
        }
        let Some(entry) = &self.entry else { return Poll::Pending };
        entry.poll_stop(cx).map(|stop| stop.status().map(Err))
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
            Some(Ok(reply)) if answer.is_stream(&reply) => {
                if let Some(entry) = self.entry.take() {
                    let streamed = Streamed {
                        serving: Arc::clone(&self.serving),
                        method: self.method.clone(),
                        stats: Arc::clone(&self.stats),
                        arrived: self.arrived,
                        entry,
                        answer,
                    };
                    self.serving.calls.tracker.spawn(streamed.send_large(reply));
                }
            }
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
