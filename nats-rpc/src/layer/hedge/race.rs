use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;
use tokio::time::{Instant, Sleep, sleep_until};
use tower_service::Service;

use super::observed::Observed;
use super::oneshot::Oneshot;
use super::plan::{Failed, Plan};
use super::purse::Purse;
use super::rules::Rules;
use super::sample::{Sample, Sampled};
use crate::raw::{Call, Reply};
use crate::status::{BoxError, Status};

pin_project! {
    /// All attempts at one call: the first answer wins, and those that lose are dropped with this.
    pub(super) struct Race<S: Service<Call>> {
        #[pin]
        first: Option<Sampled<S::Future>>,
        others: Vec<Pin<Box<Sampled<Oneshot<S>>>>>,
        plan: Plan,
        source: Source,
        service: S,
        // Only what is not ready at once needs a timer.
        #[pin]
        timer: Option<Sleep>,
        failure: Failure,
    }
}

/// A call that is hedged, and whose first attempt is made.
pub(super) struct Hedging {
    /// Of the first attempt.
    pub(super) sample: Sample,
    pub(super) plan: Plan,
    pub(super) source: Source,
}

/// What further attempts are made from.
pub(super) struct Source {
    /// As it was before its first attempt.
    pub(super) call: Call,
    pub(super) rules: Rules,
    pub(super) observed: Arc<Observed>,
    pub(super) purse: Purse,
}

/// What became of the attempts that are over.
#[derive(Default)]
struct Failure {
    last: Option<Status>,
    may_have_run: bool,
}

impl<S: Service<Call>> Race<S> {
    pub(super) fn new(first: S::Future, hedging: Hedging, service: S) -> Self {
        let Hedging { sample, plan, source } = hedging;
        let first = Some(Sampled::new(first, sample));
        Self { first, others: Vec::new(), plan, source, service, timer: None, failure: Failure::default() }
    }
}

impl<S> Future for Race<S>
where
    S: Service<Call, Response = Reply, Error: Into<BoxError>> + Clone,
{
    type Output = Result<Reply, Status>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let mut known = None;
        loop {
            let ended = next_ended(this.first.as_mut(), this.others, cx);
            let again = ended.is_some();
            if let Some(outcome) = ended {
                let status = match outcome {
                    Ok(reply) => {
                        this.source.purse.succeeded();
                        return Poll::Ready(Ok(reply));
                    }
                    Err(status) => status,
                };
                let now = *known.insert(Instant::now());
                let others_run = this.first.is_some() || !this.others.is_empty();
                if this.plan.failed(&status, now) == Failed::Call {
                    // Those that are given up may have run.
                    this.failure.may_have_run |= others_run;
                    this.failure.take(status);
                    return Poll::Ready(Err(this.failure.end()));
                }
                this.source.purse.failed(&status, others_run || this.plan.next().is_some());
                this.failure.take(status);
            }
            if let Some(now) = due(this.plan, known, this.timer.as_mut(), cx) {
                match this.source.attempt(this.service, this.plan, now) {
                    Some(attempt) => this.others.push(attempt),
                    None => this.plan.stop(),
                }
            } else if !again {
                let waits = this.first.is_some() || !this.others.is_empty() || this.plan.next().is_some();
                return if waits { Poll::Pending } else { Poll::Ready(Err(this.failure.end())) };
            }
        }
    }
}

/// How one of the attempts ended that had not until now.
fn next_ended<S>(
    mut first: Pin<&mut Option<Sampled<S::Future>>>,
    others: &mut Vec<Pin<Box<Sampled<Oneshot<S>>>>>,
    cx: &mut Context<'_>,
) -> Option<Result<Reply, Status>>
where
    S: Service<Call, Response = Reply, Error: Into<BoxError>>,
{
    if let Some(future) = first.as_mut().as_pin_mut()
        && let Poll::Ready(outcome) = future.poll(cx)
    {
        first.set(None);
        return Some(outcome);
    }
    for index in 0..others.len() {
        if let Poll::Ready(outcome) = others[index].as_mut().poll(cx) {
            drop(others.swap_remove(index));
            return Some(outcome);
        }
    }
    None
}

/// The time, if it is one for another attempt. `known` is what it was a moment ago.
fn due(
    plan: &Plan,
    known: Option<Instant>,
    mut timer: Pin<&mut Option<Sleep>>,
    cx: &mut Context<'_>,
) -> Option<Instant> {
    let next = plan.next()?;
    if known.is_some_and(|now| next <= now) {
        return known;
    }
    if timer.is_none() {
        timer.set(Some(sleep_until(next)));
    }
    let mut timer = timer.as_pin_mut()?;
    if timer.deadline() != next {
        timer.as_mut().reset(next);
    }
    timer.poll(cx).is_ready().then(Instant::now)
}

impl Source {
    /// Makes another attempt. `None`: there is nothing left to pay it from.
    fn attempt<S: Service<Call> + Clone>(
        &self,
        service: &S,
        plan: &mut Plan,
        now: Instant,
    ) -> Option<Pin<Box<Sampled<Oneshot<S>>>>> {
        let mut call = self.call.try_clone()?;
        if !self.purse.pay(now) {
            return None;
        }
        self.rules.begin(&mut call, plan.made(now), now);
        let sample = Sample::new(&self.observed, now);
        Some(Box::pin(Sampled::new(Oneshot::new(service.clone(), call), sample)))
    }
}

impl Failure {
    fn take(&mut self, status: Status) {
        self.may_have_run |= !status.is_not_processed();
        self.last = Some(status);
    }

    /// What the call fails with.
    fn end(&mut self) -> Status {
        let last = self.last.take().unwrap_or_else(|| Status::internal("a call ended without a reason"));
        if self.may_have_run { last.with_maybe_processed() } else { last }
    }
}
