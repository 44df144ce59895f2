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
        // What one instance does says nothing of the group, nor does the group of one instance.
        if call.instance().is_some() {
            return BreakerFuture::running(self.inner.call(call), None);
        }
        match Passage::enter(self.circuits.of(call.method()), &call) {
            Ok(passage) => BreakerFuture::running(self.inner.call(call), Some(passage)),
            Err(status) => BreakerFuture::rejected(status),
        }
    }
}
