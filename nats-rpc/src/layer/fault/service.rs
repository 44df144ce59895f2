use std::mem;
use std::sync::Arc;
use std::task::{Context, Poll};

use tower_service::Service;

use super::active::Active;
use super::future::FaultFuture;
use super::injection::Injection;
use crate::raw::{Call, Reply};
use crate::status::{BoxError, Status};

/// Injects faults into calls; what [`FaultLayer`](super::FaultLayer) makes of a service.
#[derive(Debug, Clone)]
pub struct Fault<S> {
    inner: S,
    injection: Arc<Injection>,
    active: Active,
}

impl<S> Fault<S> {
    pub(super) fn new(inner: S, injection: Arc<Injection>) -> Self {
        Self { inner, injection, active: Active::default() }
    }
}

impl<S> Service<Call> for Fault<S>
where
    S: Service<Call, Response = Reply, Error: Into<BoxError>> + Clone,
{
    type Response = Reply;
    type Error = Status;
    type Future = FaultFuture<S>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Status>> {
        self.inner.poll_ready(cx).map_err(|error| Status::from_error(error.into()))
    }

    fn call(&mut self, call: Call) -> FaultFuture<S> {
        let most = self.injection.max_active;
        let faults = self.injection.choose(&call);
        let Some((faults, entered)) = faults.and_then(|faults| Some((faults, self.active.enter(most)?)))
        else {
            return FaultFuture::running(self.inner.call(call));
        };
        tracing::debug!(method = %call.method(), ?faults, "a fault is injected");
        match (faults.delay, faults.abort) {
            (None, Some(status)) => FaultFuture::failed(status),
            (None, None) => FaultFuture::running(self.inner.call(call)),
            (Some(delay), abort) => {
                // The one that is ready for the call goes with it.
                let next = self.inner.clone();
                let inner = mem::replace(&mut self.inner, next);
                FaultFuture::delayed(delay, abort, (inner, call), entered)
            }
        }
    }
}
