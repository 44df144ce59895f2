use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;
use tower_service::Service;

use super::race::{Hedging, Race};
use crate::raw::{Call, Reply};
use crate::status::{BoxError, Status};

pin_project! {
    /// A call through [`Hedge`](super::Hedge).
    #[must_use = "a call's answer is in its future"]
    pub struct HedgeFuture<S: Service<Call>> {
        #[pin]
        state: State<S>,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State<S: Service<Call>> {
        /// It is not hedged.
        Single { #[pin] future: S::Future },
        Race { race: Pin<Box<Race<S>>> },
        Over,
    }
}

impl<S: Service<Call> + Clone> HedgeFuture<S> {
    /// `first` is the first attempt, and `service` makes the others.
    #[inline]
    pub(super) fn new(first: S::Future, hedging: Option<Hedging>, service: &S) -> Self {
        let state = match hedging {
            None => State::Single { future: first },
            Some(hedging) => State::Race { race: Box::pin(Race::new(first, hedging, service.clone())) },
        };
        Self { state }
    }
}

impl<S> Future for HedgeFuture<S>
where
    S: Service<Call, Response = Reply, Error: Into<BoxError>> + Clone,
{
    type Output = Result<Reply, Status>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.project().state;
        let outcome = match state.as_mut().project() {
            StateProjection::Single { future } => {
                ready!(future.poll(cx)).map_err(|error| Status::from_error(error.into()))
            }
            StateProjection::Race { race } => ready!(race.as_mut().poll(cx)),
            StateProjection::Over => panic!("a call was polled after it had ended"),
        };
        // Those that have lost are given up now, not when the future is dropped.
        state.set(State::Over);
        Poll::Ready(outcome)
    }
}

impl<S: Service<Call>> fmt::Debug for HedgeFuture<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HedgeFuture").finish_non_exhaustive()
    }
}
