use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::time::Instant;

use super::HandlerFuture;
use super::dispatch::{Serving, dismiss, poll};
use super::ejection::Admitted;
use super::running::{Entry, Stop};
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
    pub(super) work: Option<(HandlerFuture, Answer, Admitted)>,
}

/// Why a call is over.
enum Over {
    /// Its handler has ended.
    Handled(Result<Reply, Status>),
    /// It was stopped before.
    Stopped(Stop),
}

impl Pending {
    fn poll_over(&mut self, cx: &mut Context<'_>) -> Poll<Over> {
        let Some((handling, ..)) = &mut self.work else { return Poll::Pending };
        if let Poll::Ready(outcome) = poll(handling, cx) {
            return Poll::Ready(Over::Handled(outcome));
        }
        let Some(entry) = &self.entry else { return Poll::Pending };
        entry.poll_stop(cx).map(Over::Stopped)
    }
}

impl Future for Pending {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let over = std::task::ready!(self.poll_over(cx));
        let Some((handling, answer, admitted)) = self.work.take() else { return Poll::Ready(()) };
        // What it holds is given back before the caller knows that it is over.
        dismiss(handling);
        let busy = self.arrived.elapsed();
        let times = (self.arrived, busy);
        match over {
            Over::Handled(Ok(reply)) if answer.is_stream(&reply) => {
                if let Some(entry) = self.entry.take() {
                    let streamed = Streamed {
                        serving: Arc::clone(&self.serving),
                        method: self.method.clone(),
                        stats: Arc::clone(&self.stats),
                        arrived: self.arrived,
                        entry,
                        answer,
                        admitted,
                    };
                    self.serving.calls.tracker.spawn(streamed.send_large(reply));
                }
            }
            Over::Handled(outcome) => {
                self.stats.handled(admitted, outcome.as_ref().err(), times);
                self.serving.answer(answer.finish(outcome, busy));
            }
            Over::Stopped(stop) => match stop.status() {
                Some(status) => {
                    self.stats.record(Some(&status), busy);
                    self.serving.answer(answer.finish(Err(status), busy));
                }
                None => {
                    self.stats.given_up(admitted, answer.deadline(), times);
                    self.serving.close(&answer.reply().subject);
                }
            },
        }
        Poll::Ready(())
    }
}
