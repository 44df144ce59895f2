use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;

use super::attempt::{Attempt, Came};
use super::broken::status_of;
use super::draft::Draft;
use super::first::Rest;
use super::frames::received;
use super::remote::Verdict;
use super::responses::Responses;
use super::said::Said;
use super::{Reply, ReplyBody};
use crate::metadata::Metadata;
use crate::spec::{Idempotency, Method};
use crate::status::{Origin, Reason, Status};
use crate::subject;
use crate::transport::{Arrived, Broken, Delivery, Denial, Epoch, Lost, Messages};
use crate::wire::flow::Fault;
use crate::wire::{Accept, FrameView, Head, Malformed, RefusedReason, Retry};

/// Repeats of calls that were not processed, at most, in one call.
const REPEATS: u32 = 2;
/// Attempts of an idempotent call, at most.
const ATTEMPTS: u32 = 5;
/// An alarm that rings so much too late says that this process stood still, and answers may lie here unread.
const LATE: Duration = Duration::from_millis(100);
/// An instance that is not there for so long is gone.
const ABSENT_FOR: Duration = Duration::from_millis(250);
/// How long a service that has not shown what it can do is waited for.
const GREETING: Duration = Duration::from_secs(1);

/// A call that did not simply end: what came for it is looked at until it has.
pub(super) struct Pursuit {
    draft: Draft,
    /// What an attempt has to send once it is accepted.
    rest: Rest,
    /// All that may still be answered; the first answer counts.
    attempts: Vec<Attempt>,
    made: u32,
    repeats: u32,
    /// The instance that the call is aimed at was not there once.
    missed: bool,
    /// Why the last attempt that is over failed.
    failure: Option<Status>,
}

impl Pursuit {
    pub(super) fn new(draft: Draft, rest: Rest, attempt: Attempt) -> Self {
        Self { draft, rest, attempts: vec![attempt], made: 1, repeats: 0, missed: false, failure: None }
    }

    /// Goes on from what came for the only attempt.
    pub(super) async fn run_from(&mut self, came: Came) -> Result<Reply, Status> {
        match self.take(0, came).await {
            Some(outcome) => outcome,
            None => self.run().await,
        }
    }

    pub(super) async fn run(&mut self) -> Result<Reply, Status> {
        loop {
            if self.attempts.is_empty() {
                let lost = || Status::internal("a call ended without a reason");
                let failure = self.failure.take().unwrap_or_else(lost);
                return Err(self.end(failure));
            }
            let (index, came) = next(&mut self.attempts).await;
            if let Some(outcome) = self.take(index, came).await {
                return outcome;
            }
        }
    }

    /// Returns the outcome of the call, if this is it.
    async fn take(&mut self, index: usize, came: Came) -> Option<Result<Reply, Status>> {
        match came {
            Came::Delivery(delivery) => self.deliver(index, delivery).await,
            Came::Arrived(arrived) => self.arrived(index, arrived),
            Came::Broken(why) => {
                self.failure = Some(status_of(why, &self.draft.method));
                self.attempts.swap_remove(index);
                None
            }
        }
    }

    async fn deliver(&mut self, index: usize, delivery: Delivery) -> Option<Result<Reply, Status>> {
        let method = &self.draft.method;
        match delivery {
            Delivery::Message { headers, payload } => {
                match Said::read(headers.as_deref(), &payload, self.draft.limits.max_message)? {
                    Said::Ended(outcome, busy) => {
                        self.draft.answered(&mut self.attempts[index], busy);
                        return Some(outcome);
                    }
                    Said::Accepted(accept) => self.accepted(index, &accept),
                    Said::Begun if self.attempts[index].instance().is_none() => self.accept_lost(index),
                    Said::Begun => {
                        if let Err(status) = self.attempts[index].receive_pieces(self.draft.limits, &payload)
                        {
                            self.failure = Some(status);
                            self.attempts.swap_remove(index);
                        }
                    }
                    Said::Refused { status, reason, server_now_ms } => {
                        self.refused(index, status, reason, server_now_ms);
                    }
                }
            }
            // Room for what hardly ever comes would be kept by every call that waits.
            Delivery::NoResponders => return Box::pin(self.no_responders(index)).await,
            Delivery::Unbatched => self.unbatched(index),
            Delivery::Alarm => return self.alarm(index),
            Delivery::Lost(why) => self.lost(index, why),
            // Whoever has been accepted has been let through before.
            Delivery::Denied if self.attempts[index].instance().is_some() => {}
            Delivery::Denied => {
                let status = Denial::of_publishing(self.draft.subject()).status();
                self.not_processed(index, status.with_not_processed(), false);
            }
            Delivery::Disconnected => return Some(Err(disconnected(method))),
        }
        None
    }

    fn accepted(&mut self, index: usize, accept: &Accept<'_>) {
        let attempt = &mut self.attempts[index];
        if !self.draft.accepted(attempt, accept) {
            return;
        }
        let Some(flow) = attempt.flow().cloned() else { return };
        let rest = self.rest.take();
        let compression = self.draft.compression_for(accept.accept_encodings);
        if rest.is_once() {
            // No other attempt could send it any more.
            let attempt = self.attempts.swap_remove(index);
            self.attempts = vec![attempt];
        }
        let epoch = Arc::clone(flow.epoch());
        let ended = Arc::clone(&epoch);
        epoch.spawn(async move {
            tokio::select! {
                biased;
                () = rest.send(flow, compression) => {}
                () = ended.ended() => {}
            }
        });
    }

    /// Takes a part of the response.
    fn arrived(&mut self, index: usize, arrived: Arrived) -> Option<Result<Reply, Status>> {
        if self.attempts[index].instance().is_none() && !matches!(arrived, Arrived::Terminal(_)) {
            self.accept_lost(index);
            return None;
        }
        match arrived {
            Arrived::Head(payload) => {
                let head = match head(&payload) {
                    Ok(head) => head,
                    Err(malformed) => return Some(Err(Status::internal(malformed.to_string()))),
                };
                if self.draft.streams_responses() {
                    return Some(Ok(self.stream(index, head, None)));
                }
                self.attempts[index].begin(head);
            }
            Arrived::Messages(messages) if self.draft.streams_responses() => {
                return Some(Ok(self.stream(index, Metadata::new(), Some(messages))));
            }
            Arrived::Messages(messages) => {
                if let Err(status) = self.attempts[index].receive(messages) {
                    return Some(Err(status));
                }
            }
            Arrived::Terminal(payload) => {
                let streams = self.draft.streams_responses();
                return Some(self.attempts[index].finish(&payload, &self.draft.remote, streams));
            }
            Arrived::End => {}
        }
        None
    }

    /// An attempt gets an answer of more than one frame, and the ACCEPT that comes before it was lost. Without that
    /// nobody could find out what becomes of the rest.
    fn accept_lost(&mut self, index: usize) {
        self.failure = Some(status_of(Broken::Fault(Fault::Lost), &self.draft.method));
        self.attempts.swap_remove(index);
    }

    /// The response is a stream, and this attempt is the one that gives it.
    fn stream(&mut self, index: usize, head: Metadata, messages: Option<Messages>) -> Reply {
        let attempt = self.attempts.swap_remove(index);
        attempt.look_at_deadline();
        let responses = Responses::new(attempt, messages, &self.draft);
        Reply::new(head, ReplyBody::Stream(Box::pin(responses)))
    }

    fn refused(&mut self, index: usize, status: Status, reason: RefusedReason, server_now_ms: u64) {
        let again = match reason.retry() {
            _ if reason == RefusedReason::Encoding => self.decompress(index),
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

    /// Calls have to go each for itself.
    fn unbatched(&mut self, index: usize) {
        self.draft.remote.batching.refused(Instant::now());
        let status = Status::unimplemented("the service takes no calls that share a NATS message");
        self.not_processed(index, status.with_origin(Origin::Remote).with_not_processed(), true);
    }

    /// The service can't read what is compressed: whether that can be done without.
    fn decompress(&mut self, index: usize) -> bool {
        self.draft.remote.refuse_compression();
        let epoch = Arc::clone(self.attempts[index].ticket().epoch());
        let rest = self.draft.decompress(&epoch);
        let again = rest.is_some();
        self.rest = rest.unwrap_or(Rest::None);
        again
    }

    /// An attempt is over that the service never worked on: it is repeated `again`, whatever the method is.
    fn not_processed(&mut self, index: usize, status: Status, again: bool) {
        let mut attempt = self.attempts.swap_remove(index);
        attempt.end();
        self.failure = Some(status);
        if again && self.repeats < REPEATS {
            self.repeats += 1;
            let epoch = Arc::clone(attempt.ticket().epoch());
            // Its stream would count as one beside its successor's.
            drop(attempt);
            self.send(epoch, self.made - 1);
        }
    }

    /// Sends the call again, after `before` other attempts.
    fn send(&mut self, epoch: Arc<Epoch>, before: u32) {
        match self.draft.send(epoch, before, Instant::now()) {
            Ok(attempt) => self.attempts.push(attempt),
            Err(status) => self.failure = Some(status),
        }
    }

    async fn no_responders(&mut self, index: usize) -> Option<Result<Reply, Status>> {
        if subject::method_at_instance(self.draft.subject()).is_some() {
            return self.not_there(index).await;
        }
        let method = &self.draft.method;
        let Some(verdict) = confirm(&self.draft, &self.attempts[index]).await else {
            return Some(Err(expired(method)));
        };
        let nobody = || {
            Status::transport(format!("nobody serves {method} at the moment"))
                .with_reason(Reason::NoResponders)
        };
        let status = match verdict {
            Verdict::NotServed => Status::unimplemented(format!("the service does not have {method}"))
                .with_origin(Origin::Remote),
            Verdict::Leaving => {
                Status::transport(format!("the last instance that serves {method} is leaving"))
                    .with_reason(Reason::NoResponders)
            }
            Verdict::Served | Verdict::Nobody | Verdict::Unknown | Verdict::Unasked => nobody(),
        };
        self.not_processed(index, status.with_not_processed(), verdict == Verdict::Served);
        None
    }

    /// Nobody listens at an instance's subjects while it connects again, so one such answer proves nothing.
    async fn not_there(&mut self, index: usize) -> Option<Result<Reply, Status>> {
        let method = &self.draft.method;
        let nobody = Status::transport(format!("the instance that {method} was aimed at is not there"))
            .with_reason(Reason::NoResponders);
        if !self.missed {
            let again = Instant::now() + ABSENT_FOR;
            if self.draft.deadline().is_some_and(|deadline| deadline <= again) {
                return Some(Err(self.end(nobody.with_not_processed())));
            }
            tokio::time::sleep_until(again).await;
        }
        self.not_processed(index, nobody.with_not_processed(), !self.missed);
        self.missed = true;
        None
    }

    /// It is time to look whether something should have come.
    fn alarm(&mut self, index: usize) -> Option<Result<Reply, Status>> {
        let now = Instant::now();
        if self.draft.deadline().is_some_and(|deadline| deadline <= now) {
            return Some(Err(expired(&self.draft.method)));
        }
        let remote = &self.draft.remote;
        let attempt = &self.attempts[index];
        let (expected, rtt) = (attempt.expected(), remote.rtt.get());
        if !expected.asks || attempt.instance().is_some() {
            attempt.look_at_deadline();
        } else if !remote.accepts(attempt.ticket().epoch()) && now < expected.sent + GREETING {
            // It may only not have said yet that it sends ACCEPTs.
            attempt.look_at(now + LATE);
        } else if !remote.accepts(attempt.ticket().epoch()) && !self.draft.is_stream() {
            // Whoever never sends ACCEPTs can't be missed for it. Of a stream everybody has to.
            if expected.deadline.is_none() {
                // If both the question and the call were lost, it would be waited for for ever.
                remote.greet(attempt.ticket().epoch());
                attempt.look_at(now + GREETING);
            } else {
                attempt.look_at_deadline();
            }
        } else if now < expected.due(rtt) {
            attempt.look_at(expected.due(rtt));
        } else if now < expected.overdue(rtt) {
            attempt.look_at(expected.overdue(rtt));
            self.follow(index, now);
        } else if now > expected.overdue(rtt) + LATE && !attempt.looked_late {
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
            || !self.draft.budget().withdraw(now)
        {
            return;
        }
        self.attempts[index].followed = true;
        let before = self.made;
        self.made += 1;
        let epoch = Arc::clone(self.attempts[index].ticket().epoch());
        self.send(epoch, before);
    }

    /// What the call fails with.
    fn end(&self, failure: Status) -> Status {
        // Of several attempts an earlier one may have run, whatever became of the last.
        if self.made > 1 { failure.with_maybe_processed() } else { failure }
    }

    fn lost(&mut self, index: usize, why: Lost) {
        let mut attempt = self.attempts.swap_remove(index);
        let instance = attempt.instance().unwrap_or_default();
        self.failure = Some(lost(why, instance, &self.draft.method));
        attempt.lost(why);
    }
}

/// What comes next for any of the attempts.
async fn next(attempts: &mut [Attempt]) -> (usize, Came) {
    poll_fn(|cx| {
        for (index, attempt) in attempts.iter_mut().enumerate() {
            if let Poll::Ready(came) = attempt.poll_came(cx) {
                return Poll::Ready((index, came));
            }
        }
        Poll::Pending
    })
    .await
}

/// Why nobody took an attempt. `None`: the deadline passed before that was known.
async fn confirm(draft: &Draft, attempt: &Attempt) -> Option<Verdict> {
    let Draft { remote, method, .. } = draft;
    attempt.look_at_deadline();
    let mut verdict = pin!(remote.confirm(attempt.ticket().epoch(), method));
    poll_fn(|cx| {
        if let Poll::Ready(verdict) = verdict.as_mut().poll(cx) {
            return Poll::Ready(Some(verdict));
        }
        // Nothing else can come for an attempt that nobody took.
        while let Poll::Ready(delivery) = attempt.ticket().poll_recv(cx) {
            let expired = draft.deadline().is_some_and(|deadline| deadline <= Instant::now());
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

/// What a call fails with whose instance does not have it any more.
pub(super) fn lost(why: Lost, instance: &str, method: &Method) -> Status {
    let what = match why {
        Lost::Gone => "has gone",
        Lost::Silent => "no longer answers",
        Lost::Forgotten => "no longer knows the call",
    };
    let text = format!("the instance {instance} that had {method} {what}: it may or may not have run");
    Status::transport(text)
}

pub(super) fn disconnected(method: &Method) -> Status {
    Status::transport(format!(
        "the connection ended while {method} was in flight: it may or may not have run"
    ))
    .with_reason(Reason::ConnectionLost)
}

fn head(payload: &Bytes) -> Result<Metadata, Malformed> {
    let frame = FrameView::split(payload)?;
    Ok(received(Head::decode(frame.header)?.metadata))
}

pub(super) fn expired(method: &Method) -> Status {
    Status::deadline_exceeded(format!("no answer to {method} before the deadline"))
}
