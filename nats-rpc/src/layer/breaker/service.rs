use std::sync::Arc;
use std::task::{Context, Poll};

use tower_service::Service;

use super::BreakerFuture;
use super::circuits::Circuits;
use super::passage::Passage;
use crate::raw::{Call, Reply};
use crate::status::{BoxError, Status};

/// Gives calls up at once while nearly all calls of their method fail: the service of a
/// [`BreakerLayer`](super::BreakerLayer).
#[derive(Debug, Clone)]
pub struct Breaker<S> {
    inner: S,
    circuits: Arc<Circuits>,
}

impl<S> Breaker<S> {
    pub(super) fn new(inner: S, circuits: Arc<Circuits>) -> Self {
        Self { inner, circuits }
    }

    /// Lets a call through to what makes it, or does not.
    #[inline]
    pub(in crate::layer) fn pass<F>(&self, call: Call, inner: impl FnOnce(Call) -> F) -> BreakerFuture<F> {
        pass(&self.circuits, call, inner)
    }
}

impl<S> Service<Call> for Breaker<S>
where
    S: Service<Call, Response = Reply>,
    S::Error: Into<BoxError>,
{
    type Response = Reply;
    type Error = Status;
    type Future = BreakerFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Status>> {
        self.inner.poll_ready(cx).map_err(|error| Status::from_error(error.into()))
    }

    fn call(&mut self, call: Call) -> BreakerFuture<S::Future> {
        pass(&self.circuits, call, |call| self.inner.call(call))
    }
}

#[inline]
fn pass<F>(circuits: &Circuits, call: Call, inner: impl FnOnce(Call) -> F) -> BreakerFuture<F> {
    match Passage::enter(circuits, &call) {
        Ok(passage) => BreakerFuture::running(inner(call), passage),
        Err(status) => BreakerFuture::rejected(status),
    }
}
