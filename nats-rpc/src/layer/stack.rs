mod future;
mod layers;

use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::Instant;
use tower_layer::Layer;
use tower_service::Service;

pub use self::future::StackFuture;
pub(crate) use self::layers::Layers;
use super::breaker::{BreakerHandle, BreakerLayer};
use super::deadline::DeadlineLayer;
use super::hedge::HedgeLayer;
use super::policy::Policies;
use super::retry::{Retries, RetryLayer};
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

    /// Gives a call that is made now, though not through the layers, its deadline.
    pub(crate) fn begin(&self, call: &mut Call, now: Instant) -> Result<(), Status> {
        self.deadline.begin(call, now)
    }

    /// The layers for calls that are carried by such services.
    pub(crate) fn layers<S: Clone>(&self, carrier: &S) -> Layers<S> {
        let attempts = self.attempts.as_ref().map(|Attempts { retry, hedge, breaker }| {
            Retries::new(hedge.layer(breaker.layer(carrier.clone())), retry.clone())
        });
        Layers { deadline: self.deadline.clone(), attempts }
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
        Stack { layers: Arc::new(self.layers(&inner)), inner }
    }
}

/// The default layers around a service; what [`StackLayer`] makes of it.
#[derive(Debug, Clone)]
pub struct Stack<S> {
    inner: S,
    /// In one piece, since each call clones it.
    layers: Arc<Layers<S>>,
}

impl<S> Service<Call> for Stack<S>
where
    S: Service<Call, Response = Reply, Error: Into<BoxError>> + Clone,
{
    type Response = Reply;
    type Error = Status;
    type Future = StackFuture<S>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Status>> {
        self.inner.poll_ready(cx).map_err(|error| Status::from_error(error.into()))
    }

    fn call(&mut self, call: Call) -> StackFuture<S> {
        self.layers.call(call, |call, _| self.inner.call(call))
    }
}
