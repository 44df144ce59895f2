use std::mem;
use std::task::{Context, Poll};

use tower_service::Service;

use super::{Gate, GatedFuture};
use crate::raw::{Call, Reply};
use crate::status::{BoxError, Status};

/// A service behind a [`Gate`].
#[derive(Debug, Clone)]
pub struct Gated<G, S> {
    gate: G,
    inner: S,
}

impl<G, S> Gated<G, S> {
    pub(in crate::layer) fn new(gate: G, inner: S) -> Self {
        Self { gate, inner }
    }
}

impl<G, S> Service<Call> for Gated<G, S>
where
    G: Gate,
    S: Service<Call, Response = Reply, Error: Into<BoxError>> + Clone,
{
    type Response = Reply;
    type Error = Status;
    type Future = GatedFuture<G::Passing, S>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Status>> {
        self.inner.poll_ready(cx).map_err(|error| Status::from_error(error.into()))
    }

    fn call(&mut self, call: Call) -> Self::Future {
        // The one that is ready takes the call.
        let next = self.inner.clone();
        GatedFuture::new(self.gate.pass(call), mem::replace(&mut self.inner, next))
    }
}
