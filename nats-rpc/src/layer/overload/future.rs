use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;
use tower_service::Service;

use super::held::hold;
use super::permit::Permit;
use super::place::Place;
use crate::raw::{Call, Reply, ReplyBody};
use crate::status::{BoxError, Status};

pin_project! {
    /// The future of [`Overload`](super::Overload).
    pub struct OverloadFuture<S: Service<Call>> {
        #[pin]
        state: State<S, S::Future>,
    }
}

pin_project! {
    #[project = Projected]
    enum State<S, F> {
        // `None`: it has been said.
        Rejected { status: Option<Status> },
        // `None`: it is over.
        Waiting { waiting: Option<Box<Waiting<S>>> },
        // `None`: it is over.
        Running { #[pin] handling: F, permit: Option<Permit> },
    }
}

/// A call that is handed on when it has a place.
struct Waiting<S> {
    place: Place,
    service: S,
    call: Call,
}

impl<S: Service<Call>> OverloadFuture<S> {
    pub(super) fn rejected(status: Status) -> Self {
        Self { state: State::Rejected { status: Some(status) } }
    }

    pub(super) fn waiting(place: Place, service: S, call: Call) -> Self {
        Self { state: State::Waiting { waiting: Some(Box::new(Waiting { place, service, call })) } }
    }

    pub(super) fn running(handling: S::Future, permit: Permit) -> Self {
        Self { state: State::Running { handling, permit: Some(permit) } }
    }
}

impl<S> Future for OverloadFuture<S>
where
    S: Service<Call, Response = Reply>,
    S::Error: Into<BoxError>,
{
    type Output = Result<Reply, Status>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.project().state;
        loop {
            let next = match state.as_mut().project() {
                Projected::Running { handling, permit } => {
                    let outcome = ready!(handling.poll(cx)).map_err(|error| Status::from_error(error.into()));
                    return Poll::Ready(match permit.take() {
                        Some(permit) => end(outcome, permit),
                        None => outcome,
                    });
                }
                Projected::Waiting { waiting } => {
                    let Some(waits) = waiting else { return Poll::Pending };
                    let turn = ready!(Pin::new(&mut waits.place).poll(cx));
                    let Some(waited) = waiting.take() else { return Poll::Pending };
                    let Waiting { place, mut service, call } = *waited;
                    drop(place);
                    match turn {
                        Ok(mut permit) => {
                            permit.begin(&call);
                            State::Running { handling: service.call(call), permit: Some(permit) }
                        }
                        Err(status) => State::Rejected { status: Some(status) },
                    }
                }
                Projected::Rejected { status } => {
                    return status.take().map_or(Poll::Pending, |status| Poll::Ready(Err(status)));
                }
            };
            state.set(next);
        }
    }
}

/// The handler is done.
fn end(outcome: Result<Reply, Status>, permit: Permit) -> Result<Reply, Status> {
    match outcome {
        Ok(reply) if matches!(reply.body(), ReplyBody::Stream(_)) => {
            let permit = permit.unmeasured();
            Ok(if permit.holds_streams() { hold(reply, permit) } else { reply })
        }
        // Another layer has turned it away: that is quick however busy the service is.
        Err(status) if status.is_not_processed() => {
            drop(permit.unmeasured());
            Err(status)
        }
        outcome => {
            permit.answered();
            outcome
        }
    }
}

impl<S: Service<Call>> fmt::Debug for OverloadFuture<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OverloadFuture").finish_non_exhaustive()
    }
}
