use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::time::Instant;

use super::attempt::{Attempt, Came};
use super::draft::Draft;
use super::first::{self, First, Rest};
use super::frames::frame_limit;
use super::pursuit::{Pursuit, expired};
use super::said::Said;
use super::{Body, Call, Compression, Remote, Reply};
use crate::spec::Idempotency;
use crate::status::Status;
use crate::subject::{self, Subject};
use crate::transport::{Connection, Delivery, Epoch, Limits};
use crate::wire;

/// The client's half of one call, from its opening frame on.
///
/// Dropping it tells the service to stop.
pub(crate) struct Exchange(State);

/// Where a call goes, and how.
pub(crate) struct Destination {
    pub(crate) connection: Connection,
    pub(crate) subject: Subject,
    pub(crate) remote: Arc<Remote>,
    pub(crate) limits: Limits,
    /// How requests are compressed, if the service can read it.
    pub(crate) compression: Option<Compression>,
    pub(crate) coalescing: Coalescing,
}

/// What of a call may share NATS messages with other calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Coalescing {
    Nothing,
    /// Only answers: the call is aimed at an instance.
    Answers,
    All,
}

#[expect(clippy::large_enum_variant, reason = "a box for each call would cost more than room in its future")]
enum State {
    /// Sent once, and nothing has come that says how it ends: what most unary calls are until then.
    Sent(Option<(Draft, Attempt)>),
    /// A stream, or something came that was not the end.
    Pursued(Pin<Box<dyn Future<Output = Result<Reply, Status>> + Send>>),
}

impl Exchange {
    /// Makes the call at the time `now`. One that is more than a frame is sent when it is first polled.
    ///
    /// # Errors
    /// DEADLINE_EXCEEDED when the deadline has passed, RESOURCE_EXHAUSTED when too many calls are waiting,
    /// UNAVAILABLE when the connection has ended, INVALID_ARGUMENT when the call is aimed at what is no instance.
    pub(crate) fn start(
        mut to: Destination,
        epoch: Arc<Epoch>,
        mut call: Call,
        now: Instant,
    ) -> Result<Self, Status> {
        if let Some(instance) = call.instance() {
            to.subject = at_instance(&to.subject, instance, &call).map_err(Status::with_not_processed)?;
            if to.coalescing == Coalescing::All {
                to.coalescing = Coalescing::Answers;
            }
        }
        to.remote.greet(&epoch);
        if call.budget().is_none() && call.method().idempotency() != Idempotency::Unknown {
            to.remote.budget.deposit(now);
        }
        let limit = frame_limit(epoch.max_payload());
        let message = match call.take_body() {
            Body::Unary(message) if to.compression.is_none() && first::is_all(&call, &message, limit) => {
                message
            }
            body => return Ok(Self(State::Pursued(Box::pin(pursue(to, epoch, call, body))))),
        };
        let mut draft = Draft::new(call, First::message(message), to);
        let attempt = draft.send(epoch, 0, now)?;
        Ok(Self(State::Sent(Some((draft, attempt)))))
    }
}

/// Where one instance takes the calls of a method.
fn at_instance(method: &Subject, instance: &str, call: &Call) -> Result<Subject, Status> {
    if !wire::is_instance(instance) {
        return Err(Status::invalid_argument(format!("{instance:?} is not the id of an instance")));
    }
    Ok(subject::method_of_instance(subject::prefix_of(method), instance, call.method().name()))
}

/// Makes a call that is a stream, or larger than a frame.
async fn pursue(to: Destination, epoch: Arc<Epoch>, call: Call, body: Body) -> Result<Reply, Status> {
    let room = first::room(&call, frame_limit(epoch.max_payload()));
    let compression = to.compression.filter(|_| to.remote.takes_compression());
    let (first, rest) = first::split(body, room, compression).await?;
    let mut draft = Draft::new(call, first, to);
    let attempt = draft.send(epoch, 0, Instant::now())?;
    Pursuit::new(draft, rest, attempt).run().await
}

impl Future for Exchange {
    type Output = Result<Reply, Status>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        loop {
            match &mut self.0 {
                State::Pursued(pursuit) => return pursuit.as_mut().poll(cx),
                State::Sent(sent) => {
                    let (draft, attempt) = sent.as_mut().expect("a call was polled after it had ended");
                    let delivery = ready!(attempt.ticket().poll_recv(cx));
                    match ended(draft, attempt, &delivery) {
                        Ended::Yes(outcome) => {
                            *sent = None;
                            return Poll::Ready(outcome);
                        }
                        Ended::Ignored => {}
                        Ended::No => {
                            let (draft, attempt) = sent.take().expect("it was there a moment ago");
                            let mut pursuit = Pursuit::new(draft, Rest::None, attempt);
                            let came = Came::Delivery(delivery);
                            let pursue = async move { pursuit.run_from(came).await };
                            self.0 = State::Pursued(Box::pin(pursue));
                        }
                    }
                }
            }
        }
    }
}

enum Ended {
    Yes(Result<Reply, Status>),
    No,
    /// It was no answer, or only word that the call runs.
    Ignored,
}

/// Whether what came is the end of a call that was sent once.
fn ended(draft: &Draft, attempt: &mut Attempt, delivery: &Delivery) -> Ended {
    match delivery {
        Delivery::Message { headers, payload } => {
            match Said::read(headers.as_deref(), payload, draft.limits.max_message) {
                Some(Said::Ended(outcome, busy)) => {
                    draft.answered(attempt, busy);
                    Ended::Yes(outcome)
                }
                Some(Said::Accepted(accept)) if attempt.flow().is_none() => {
                    draft.accepted(attempt, &accept);
                    Ended::Ignored
                }
                Some(Said::Accepted(_) | Said::Begun | Said::Refused { .. }) => Ended::No,
                None => Ended::Ignored,
            }
        }
        Delivery::Alarm if draft.deadline().is_some_and(|deadline| deadline <= Instant::now()) => {
            Ended::Yes(Err(expired(&draft.method)))
        }
        _ => Ended::No,
    }
}
