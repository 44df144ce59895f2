use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use pin_project_lite::pin_project;
use tokio::time::{Instant, Sleep, sleep_until};
use tower_service::Service;

use super::active::Entered;
use crate::raw::{Call, Reply};
use crate::status::{BoxError, Reason, Status};

pin_project! {
    /// A call through [`Fault`](super::Fault).
    #[must_use = "a call's answer is in its future"]
    pub struct FaultFuture<S: Service<Call>> {
        #[pin]
        state: State<S>,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State<S: Service<Call>> {
        Delayed {
            #[pin]
            sleep: Sleep,
            // What comes after it.
            abort: Option<Status>,
            call: Option<(S, Call)>,
            entered: Entered,
        },
        Running { #[pin] future: S::Future },
        // With the failure, until it is told.
        Over { failure: Option<Status> },
    }
}

impl<S: Service<Call>> FaultFuture<S> {
    pub(super) fn running(future: S::Future) -> Self {
        Self { state: State::Running { future } }
    }

    pub(super) fn failed(failure: Status) -> Self {
        Self { state: State::Over { failure: Some(failure) } }
    }

    /// A call that is made after the delay unless it fails then, or its deadline passes before.
    pub(super) fn delayed(
        delay: Duration,
        abort: Option<Status>,
        (service, call): (S, Call),
        entered: Entered,
    ) -> Self {
        let now = Instant::now();
        let until = now.checked_add(delay).unwrap_or(now);
        let (until, abort) = match call.context().deadline() {
            Some(deadline) if deadline <= until => (deadline, Some(too_late())),
            _ => (until, abort),
        };
        let call = Some((service, call));
        Self { state: State::Delayed { sleep: sleep_until(until), abort, call, entered } }
    }
}

impl<S> Future for FaultFuture<S>
where
    S: Service<Call, Response = Reply, Error: Into<BoxError>>,
{
    type Output = Result<Reply, Status>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.project().state;
        loop {
            let outcome = match state.as_mut().project() {
                StateProjection::Delayed { sleep, abort, call, .. } => {
                    ready!(sleep.poll(cx));
                    let (abort, call) = (abort.take(), call.take());
                    match (abort, call) {
                        (None, Some((mut service, call))) => {
                            let future = service.call(call);
                            state.set(State::Running { future });
                        }
                        (failure, _) => state.set(State::Over { failure }),
                    }
                    continue;
                }
                StateProjection::Running { future } => {
                    ready!(future.poll(cx)).map_err(|error| Status::from_error(error.into()))
                }
                StateProjection::Over { failure } => {
                    Err(failure.take().expect("a call was polled after it had ended"))
                }
            };
            state.set(State::Over { failure: None });
            return Poll::Ready(outcome);
        }
    }
}

fn too_late() -> Status {
    Status::deadline_exceeded("the deadline passed during a delay that was injected")
        .with_reason(Reason::Deadline)
}

impl<S: Service<Call>> fmt::Debug for FaultFuture<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FaultFuture").finish_non_exhaustive()
    }
}
