use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use tokio::time::Instant;

use super::Reply;
use super::attempt::Attempt;
use super::draft::Draft;
use super::remote::Verdict;
use super::said::Said;
use crate::spec::{Idempotency, Method};
use crate::status::{Origin, Status};
use crate::transport::{Delivery, Denial, Lost};
use crate::wire::Retry;

/// Repeats of calls that were not processed, at most, in one call.
const REPEATS: u32 = 2;
/// Attempts of an idempotent call, at most.
const ATTEMPTS: u32 = 5;
/// An alarm that rings so much too late says that this process stood still, and answers may lie here unread.
const LATE: Duration = Duration::from_millis(100);
/// How long a service that has not shown what it can do is waited for.
const GREETING: Duration = Duration::from_secs(1);

/// A call that did not simply end: what came for it is looked at until it has.
pub(super) struct Pursuit {
    draft: Draft,
    /// All that may still be answered; the first answer counts.
    attempts: Vec<Attempt>,
    made: u32,
    repeats: u32,
    /// Why the last attempt that is over failed.
    failure: Option<Status>,
}

impl Pursuit {
    pub(super) fn new(draft: Draft, attempt: Attempt) -> Self {
        Self { draft, attempts: vec![attempt], made: 1, repeats: 0, failure: None }
    }

    /// Goes on from what came for the only attempt.
    pub(super) async fn run(mut self, delivery: Delivery) -> Result<Reply, Status> {
        let (mut index, mut delivery) = (0, delivery);
        loop {
            if let Some(outcome) = self.take(index, delivery).await {
                return outcome;
            }
            if self.attempts.is_empty() {
                let lost = || Status::internal("a call ended without a reason");
                let failure = self.failure.take().unwrap_or_else(lost);
                // Of several attempts an earlier one may have run, whatever became of the last.
                return Err(if self.made > 1 { failure.with_maybe_processed() } else { failure });
            }
            (index, delivery) = self.next().await;
        }
    }

    async fn next(&self) -> (usize, Delivery) {
        poll_fn(|cx| {
            for (index, attempt) in self.attempts.iter().enumerate() {
                if let Poll::Ready(delivery) = attempt.ticket().poll_recv(cx) {
                    return Poll::Ready((index, delivery));
                }
            }
            Poll::Pending
        })
        .await
    }

    /// Returns the outcome of the call, if this is it.
    async fn take(&mut self, index: usize, delivery: Delivery) -> Option<Result<Reply, Status>> {
        let method = &self.draft.method;
        match delivery {
            Delivery::Message { headers, payload } => match Said::read(headers.as_deref(), &payload)? {
                Said::Ended(outcome, busy) => {
                    self.attempts[index].answered(&self.draft.remote, busy);
                    return Some(outcome);
                }
                Said::Accepted(accept) => {
                    let attempt = &mut self.attempts[index];
                    self.draft.remote.learn(attempt.ticket().epoch(), accept.features);
                    attempt.accepted(&accept, self.draft.subject(), &self.draft.remote);
                }
                Said::Refused { status, retry, server_now_ms } => {
                    self.refused(index, status, retry, server_now_ms);
                }
            },
            Delivery::NoResponders => return self.no_responders(index).await,
            Delivery::Alarm => return self.alarm(index),
            Delivery::Lost(why) => self.lost(index, why),
            // Whoever has been accepted has been let through before.
            Delivery::Denied if self.attempts[index].instance().is_some() => {}
            Delivery::Denied => {
                let status = Denial::of_publishing(self.draft.subject()).status();
                self.not_processed(index, status.with_not_processed(), false);
            }
            Delivery::Disconnected => {
                return Some(Err(Status::transport(format!(
                    "the connection ended while {method} was in flight: it may or may not have run"
                ))));
            }
        }
        None
    }

    fn refused(&mut self, index: usize, status: Status, retry: Retry, server_now_ms: u64) {
        let again = match retry {
            Retry::Corrected if server_now_ms == 0 => true,
            Retry::Corrected => {
                let own_ms = self.attempts[index].ticket().epoch().now_ms();
                let ahead_ms = self.draft.remote.skew.learn(own_ms, server_now_ms);
                tracing::warn!(service = self.draft.remote.service(), ahead_ms, "clocks differ");
                true
            }
            Retry::Transparent => true,
            Retry::Policy | Retry::Never => false,
        };
        self.not_processed(index, status, again);
    }

    /// An attempt is over that the service never worked on: it is repeated `again`, whatever the method is.
    fn not_processed(&mut self, index: usize, status: Status, again: bool) {
        let mut attempt = self.attempts.swap_remove(index);
        attempt.end();
        self.failure = Some(status);
        if again && self.repeats < REPEATS {
            self.repeats += 1;
            self.send(&attempt, self.made - 1);
        }
    }

    /// Sends the call again, the way that an earlier attempt went.
    fn send(&mut self, earlier: &Attempt, before: u32) {
        match self.draft.send(earlier.ticket().epoch(), before, Instant::now()) {
            Ok(attempt) => self.attempts.push(attempt),
            Err(status) => self.failure = Some(status),
        }
    }

    async fn no_responders(&mut self, index: usize) -> Option<Result<Reply, Status>> {
        let method = &self.draft.method;
        let Some(verdict) = self.confirm(&self.attempts[index]).await else {
            return Some(Err(expired(method)));
        };
        let nobody = || Status::transport(format!("nobody serves {method} at the moment"));
        let status = match verdict {
            Verdict::NotServed => Status::unimplemented(format!("the service does not have {method}"))
                .with_origin(Origin::Remote),
            Verdict::Leaving => {
                Status::transport(format!("the last instance that serves {method} is leaving"))
            }
            Verdict::Served | Verdict::Nobody | Verdict::Unknown | Verdict::Unasked => nobody(),
        };
        self.not_processed(index, status.with_not_processed(), verdict == Verdict::Served);
        None
    }

    /// Why nobody took an attempt. `None`: the deadline passed before that was known.
    async fn confirm(&self, attempt: &Attempt) -> Option<Verdict> {
        let Draft { remote, method, .. } = &self.draft;
        attempt.look_at_deadline();
        let mut verdict = pin!(remote.confirm(attempt.ticket().epoch(), method));
        poll_fn(|cx| {
            if let Poll::Ready(verdict) = verdict.as_mut().poll(cx) {
                return Poll::Ready(Some(verdict));
            }
            // Nothing else can come for an attempt that nobody took.
            while let Poll::Ready(delivery) = attempt.ticket().poll_recv(cx) {
                let expired = self.draft.deadline().is_some_and(|deadline| deadline <= Instant::now());
                match delivery {
                    Delivery::Alarm if expired => return Poll::Ready(None),
                    Delivery::Disconnected => return Poll::Ready(Some(Verdict::Unknown)),
                    _ => {}
                }
            }
            Poll::Pending
        })
        .await
    }

    /// It is time to look whether something should have come.
    fn alarm(&mut self, index: usize) -> Option<Result<Reply, Status>> {
        let now = Instant::now();
        if self.draft.deadline().is_some_and(|deadline| deadline <= now) {
            return Some(Err(expired(&self.draft.method)));
        }
        let remote = &self.draft.remote;
        let attempt = &self.attempts[index];
        let expected = attempt.expected(remote);
        if !expected.asks || attempt.instance().is_some() {
            attempt.look_at_deadline();
        } else if !remote.accepts(attempt.ticket().epoch()) {
            // Whoever never sends ACCEPTs can't be missed for it. But it may only not have said so yet.
            if now < expected.sent + GREETING {
                attempt.look_at(now + LATE);
            } else {
                attempt.look_at_deadline();
            }
        } else if now < expected.due() {
            attempt.look_at(expected.due());
        } else if now < expected.overdue() {
            attempt.look_at(expected.overdue());
            self.follow(index, now);
        } else if now > expected.overdue() + LATE && !attempt.looked_late {
            attempt.look_at(now + LATE);
            self.attempts[index].looked_late = true;
        } else {
            let text = format!(
                "no instance has answered or accepted {}: it may or may not have run",
                self.draft.method
            );
            self.failure = Some(Status::transport(text));
            self.attempts.swap_remove(index);
        }
        None
    }

    /// Makes another attempt beside a silent one, if the method may run twice.
    fn follow(&mut self, index: usize, now: Instant) {
        let may_run_twice = self.draft.method.idempotency() != Idempotency::Unknown;
        if !may_run_twice
            || self.attempts[index].followed
            || self.made >= ATTEMPTS
            || !self.draft.remote.budget.withdraw(now)
        {
            return;
        }
        self.attempts[index].followed = true;
        let before = self.made;
        self.made += 1;
        let epoch = std::sync::Arc::clone(self.attempts[index].ticket().epoch());
        match self.draft.send(&epoch, before, now) {
            Ok(attempt) => self.attempts.push(attempt),
            Err(status) => self.failure = Some(status),
        }
    }

    fn lost(&mut self, index: usize, why: Lost) {
        let mut attempt = self.attempts.swap_remove(index);
        let instance = attempt.instance().unwrap_or_default();
        let what = match why {
            Lost::Gone => "has gone",
            Lost::Silent => "no longer answers",
            Lost::Forgotten => "no longer knows the call",
        };
        let method = &self.draft.method;
        let text = format!("the instance {instance} that had {method} {what}: it may or may not have run");
        self.failure = Some(Status::transport(text));
        if why != Lost::Silent {
            attempt.end();
        }
    }
}

pub(super) fn expired(method: &Method) -> Status {
    Status::deadline_exceeded(format!("no answer to {method} before the deadline"))
}
