use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use pin_project_lite::pin_project;
use tokio::time::{Instant, Sleep, sleep_until};
use tower_service::Service;

use super::course::Course;
use super::pause::Pause;
use super::retries::Retries;
use crate::raw::{Call, Reply};
use crate::status::{BoxError, Status};

pin_project! {
    /// A call that is made again when it fails, where that may be and helps. Made by [`Retry`](super::Retry).
    #[must_use = "a call's answer is in its future"]
    pub struct RetryFuture<S: Service<Call>> {
        #[pin]
        state: State<S::Future>,
        // `None` once it has ended.
        course: Option<Course>,
        retries: Arc<Retries<S>>,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State<F> {
        // A stream of responses has to begin before the limit.
        Attempt { #[pin] future: F, limit: Option<Pin<Box<Sleep>>> },
        // After the last attempt has failed. `None`: without waiting.
        Pause { pause: Option<Pause>, failure: Status },
        Over,
    }
}

impl<S: Service<Call>> RetryFuture<S> {
    /// `until`: the first attempt is to begin to answer by then.
    pub(super) fn new(
        first: S::Future,
        until: Option<Instant>,
        course: Course,
        retries: Arc<Retries<S>>,
    ) -> Self {
        Self { state: State::attempt(first, until), course: Some(course), retries }
    }
}

impl<F> State<F> {
    /// An attempt that is to begin to answer until then.
    fn attempt(future: F, until: Option<Instant>) -> Self {
        Self::Attempt { future, limit: until.map(|until| Box::pin(sleep_until(until))) }
    }
}

/// What came of an attempt, when that is known.
fn poll_attempt<F, E>(
    future: Pin<&mut F>,
    limit: &mut Option<Pin<Box<Sleep>>>,
    cx: &mut Context<'_>,
) -> Poll<Result<Reply, Status>>
where
    F: Future<Output = Result<Reply, E>>,
    E: Into<BoxError>,
{
    if let Poll::Ready(outcome) = future.poll(cx) {
        return Poll::Ready(outcome.map_err(|error| Status::from_error(error.into())));
    }
    let Some(limit) = limit else { return Poll::Pending };
    ready!(limit.as_mut().poll(cx));
    Poll::Ready(Err(Status::deadline_exceeded(
        "the stream of responses did not begin in the time of an attempt",
    )))
}

impl<S> Future for RetryFuture<S>
where
    S: Service<Call, Response = Reply, Error: Into<BoxError>> + Clone,
{
    type Output = Result<Reply, Status>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let course = this.course.as_mut().expect("a call was polled after it had ended");
        let outcome = loop {
            match this.state.as_mut().project() {
                StateProjection::Attempt { future, limit } => match ready!(poll_attempt(future, limit, cx)) {
                    Ok(reply) => {
                        course.succeeded(this.retries.methods.of(course.method()));
                        break Ok(reply);
                    }
                    Err(failure) => {
                        let method = this.retries.methods.of(course.method());
                        let Some(delay) = course.failed(method, &failure) else {
                            break Err(course.end(failure));
                        };
                        let pause = (delay > Duration::ZERO).then(|| Pause::new(delay, course.context()));
                        // Drops what has failed: the next one may need what it holds, a place in a limit for example.
                        this.state.set(State::Pause { pause, failure });
                    }
                },
                StateProjection::Pause { pause, failure } => {
                    if let Some(pause) = pause
                        && let Err(given_up) = ready!(Pin::new(pause).poll(cx))
                    {
                        break Err(given_up);
                    }
                    let now = Instant::now();
                    let mut service = this.retries.prototype.clone();
                    // Timers are late at times.
                    let is_in_time = course.context().deadline().is_none_or(|deadline| now < deadline);
                    if !is_in_time || !matches!(service.poll_ready(cx), Poll::Ready(Ok(()))) {
                        break Err(course.end(failure.clone()));
                    }
                    let (call, until) = course.attempt(this.retries.methods.of(course.method()), now);
                    this.state.set(State::attempt(service.call(call), until));
                }
                StateProjection::Over => unreachable!("its course has ended with it"),
            }
        };
        this.state.set(State::Over);
        *this.course = None;
        Poll::Ready(outcome)
    }
}

impl<S: Service<Call>> fmt::Debug for RetryFuture<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RetryFuture").field("course", &self.course).finish_non_exhaustive()
    }
}
