use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use super::breaker::{Breaker, BreakerHandle, BreakerLayer};
use super::deadline::{Deadline, DeadlineFuture, DeadlineLayer};
use super::hedge::{Hedge, HedgeLayer};
use super::policy::Policies;
use super::retry::{Retry, RetryFuture, RetryLayer};
use crate::raw::{Call, Reply};
use crate::status::{BoxError, Status};

/// The default layers of a client, for those who do not want to choose: what a [`Channel`](crate::Channel) is made of.
///
/// From the outside to the inside: [`DeadlineLayer`], [`RetryLayer`], [`HedgeLayer`], [`BreakerLayer`]. What is inside has
/// to end calls at the deadlines of their contexts, as a channel and generated servers do.
///
/// ```
/// use nats_rpc::layer::StackLayer;
/// use nats_rpc::{Request, Response, Status};
/// use tower_layer::Layer;
///
/// # #[cfg(feature = "macros")]
/// #[nats_rpc::service(package = "greeter.v1")]
/// pub trait Greeter {
///     async fn say_hello(&self, request: Request<String>) -> Result<Response<String>, Status>;
/// }
///
/// # #[cfg(feature = "macros")]
/// # fn within_the_process(service: impl Greeter) {
/// let greeter = GreeterClient::new(StackLayer::new().layer(GreeterServer::new(service)));
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct StackLayer {
    deadline: DeadlineLayer,
    /// `None`: each call is made once.
    attempts: Option<Attempts>,
}

#[derive(Debug, Clone, Default)]
struct Attempts {
    retry: RetryLayer,
    hedge: HedgeLayer,
    breaker: BreakerLayer,
}

impl StackLayer {
    /// The layers with their defaults and what the options of methods say.
    #[must_use]
    pub fn new() -> Self {
        Self { deadline: DeadlineLayer::new().trusting(), attempts: Some(Attempts::default()) }
    }

    /// Deadlines alone: no retries, no hedging, no breakers.
    #[must_use]
    pub fn bare() -> Self {
        Self { attempts: None, ..Self::new() }
    }

    /// Sets what was configured for methods, in all layers. Budgets and breakers begin anew.
    #[must_use]
    pub fn with_policies(self, policies: Policies) -> Self {
        let Self { deadline, attempts } = self;
        let attempts = attempts.map(|Attempts { retry, hedge, breaker }| Attempts {
            retry: retry.with_policies(policies.clone()),
            hedge: hedge.with_policies(policies.clone()),
            breaker: breaker.with_policies(policies.clone()),
        });
        Self { deadline: deadline.with_policies(policies), attempts }
    }

    /// Takes this layer for retries, with its own policies, budgets and buffers.
    #[must_use]
    pub fn with_retry(self, retry: RetryLayer) -> Self {
        self.change(|attempts| attempts.retry = retry)
    }

    /// Takes this layer for hedging, with its own policies and percentile.
    #[must_use]
    pub fn with_hedge(self, hedge: HedgeLayer) -> Self {
        self.change(|attempts| attempts.hedge = hedge)
    }

    /// Takes this layer for breakers, with its own policies and callback.
    #[must_use]
    pub fn with_breaker(self, breaker: BreakerLayer) -> Self {
        self.change(|attempts| attempts.breaker = breaker)
    }

    /// Without the layers that make attempts, it gets them.
    fn change(mut self, change: impl FnOnce(&mut Attempts)) -> Self {
        change(self.attempts.get_or_insert_default());
        self
    }

    /// Sets the time of unary calls that have none otherwise; `None` lets them take for ever. Default: 10 s.
    #[must_use]
    pub fn with_default_timeout(mut self, timeout: Option<Duration>) -> Self {
        self.deadline = match timeout {
            Some(timeout) => self.deadline.with_default(timeout),
            None => self.deadline.without_default(),
        };
        self
    }

    /// The same with new breakers, for services at other places.
    pub(crate) fn anew(mut self) -> Self {
        if let Some(attempts) = &mut self.attempts {
            attempts.breaker = attempts.breaker.anew();
        }
        self
    }

    /// Shows and changes the states of the breakers. `None`: there are none.
    #[must_use]
    pub fn breakers(&self) -> Option<BreakerHandle> {
        self.attempts.as_ref().map(|attempts| attempts.breaker.handle())
    }

    /// Gives a call that is not made through the layers its deadline.
    pub(crate) fn begin(&self, call: Call) -> Result<Call, Status> {
        self.deadline.begin(call)
    }
}

impl Default for StackLayer {
    fn default() -> Self {
        Self::new()
    }
}

impl<S: Clone> Layer<S> for StackLayer {
    type Service = Stack<S>;

    fn layer(&self, inner: S) -> Stack<S> {
        Stack(match &self.attempts {
            None => Layers::Bare(self.deadline.layer(inner)),
            Some(Attempts { retry, hedge, breaker }) => {
                Layers::Full(self.deadline.layer(retry.layer(hedge.layer(breaker.layer(inner)))))
            }
        })
    }
}

/// The default layers around a service; what [`StackLayer`] makes of it.
#[derive(Debug, Clone)]
pub struct Stack<S>(Layers<S>);

type Attempted<S> = Hedge<Breaker<S>>;

#[derive(Debug, Clone)]
enum Layers<S> {
    Bare(Deadline<S>),
    Full(Deadline<Retry<Attempted<S>>>),
}

impl<S> Service<Call> for Stack<S>
where
    S: Service<Call, Response = Reply, Error: Into<BoxError>> + Clone,
{
    type Response = Reply;
    type Error = Status;
    type Future = StackFuture<S>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Status>> {
        match &mut self.0 {
            Layers::Bare(layers) => layers.poll_ready(cx),
            Layers::Full(layers) => layers.poll_ready(cx),
        }
    }

    fn call(&mut self, call: Call) -> StackFuture<S> {
        match &mut self.0 {
            Layers::Bare(layers) => StackFuture { state: State::Bare { future: layers.call(call) } },
            Layers::Full(layers) => StackFuture { state: State::Full { future: layers.call(call) } },
        }
    }
}

pin_project! {
    /// A call within the default layers.
    #[must_use = "a call's answer is in its future"]
    pub struct StackFuture<S>
    where
        S: Service<Call, Response = Reply>,
        S: Clone,
        S::Error: Into<BoxError>,
    {
        #[pin]
        state: State<S>,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State<S>
    where
        S: Service<Call, Response = Reply>,
        S: Clone,
        S::Error: Into<BoxError>,
    {
        Bare { #[pin] future: DeadlineFuture<S::Future> },
        Full { #[pin] future: DeadlineFuture<RetryFuture<Attempted<S>>> },
    }
}

impl<S> Future for StackFuture<S>
where
    S: Service<Call, Response = Reply, Error: Into<BoxError>> + Clone,
{
    type Output = Result<Reply, Status>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().state.project() {
            StateProjection::Bare { future } => future.poll(cx),
            StateProjection::Full { future } => future.poll(cx),
        }
    }
}

impl<S> fmt::Debug for StackFuture<S>
where
    S: Service<Call, Response = Reply, Error: Into<BoxError>> + Clone,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StackFuture").finish_non_exhaustive()
    }
}
