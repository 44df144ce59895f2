use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::time::Instant;

use super::attempt::Attempt;
use super::draft::Draft;
use super::pursuit::{Pursuit, expired};
use super::said::Said;
use super::{Call, Remote, Reply};
use crate::spec::Idempotency;
use crate::status::Status;
use crate::subject::Subject;
use crate::transport::{Delivery, Epoch};

/// The client's half of one unary call, from its opening frame on.
///
/// Dropping it tells the service to stop.
pub(crate) struct Exchange(State);

#[expect(clippy::large_enum_variant, reason = "a box for each call would cost more than room in its future")]
enum State {
    /// Sent once, and nothing has come yet: what most calls are until their end.
    Sent(Option<(Draft, Attempt)>),
    /// Something came that was not the end.
    Pursued(Pin<Box<dyn Future<Output = Result<Reply, Status>> + Send>>),
}

impl Exchange {
    /// Sends the call to `subject` at the time `now`.
    ///
    /// # Errors
    /// DEADLINE_EXCEEDED when the deadline has passed, RESOURCE_EXHAUSTED when the request is too large or too
    /// many calls are waiting, UNAVAILABLE when the connection has ended, UNIMPLEMENTED for streams.
    pub(crate) fn start(
        epoch: &Arc<Epoch>,
        subject: Subject,
        remote: Arc<Remote>,
        call: Call,
        now: Instant,
    ) -> Result<Self, Status> {
        remote.greet(epoch);
        if call.method().idempotency() != Idempotency::Unknown {
            remote.budget.deposit();
        }
        let mut draft = Draft::new(call, subject, remote)?;
        let attempt = draft.send(epoch, 0, now)?;
        Ok(Self(State::Sent(Some((draft, attempt)))))
    }
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
                            let pursuit = Pursuit::new(draft, attempt);
                            self.0 = State::Pursued(Box::pin(pursuit.run(delivery)));
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
    /// It was no answer.
    Ignored,
}

/// Whether what came is the end of a call that was sent once.
fn ended(draft: &Draft, attempt: &mut Attempt, delivery: &Delivery) -> Ended {
    match delivery {
        Delivery::Message { headers, payload } => match Said::read(headers.as_deref(), payload) {
            Some(Said::Ended(outcome, busy)) => {
                attempt.answered(&draft.remote, busy);
                Ended::Yes(outcome)
            }
            Some(Said::Accepted(_) | Said::Refused { .. }) => Ended::No,
            None => Ended::Ignored,
        },
        Delivery::Alarm if draft.deadline().is_some_and(|deadline| deadline <= Instant::now()) => {
            Ended::Yes(Err(expired(&draft.method)))
        }
        _ => Ended::No,
    }
}
