use std::mem;
use std::task::{Context, Poll};

use tower_service::Service;

use super::gate::Entry;
use super::{OverloadFuture, OverloadLayer};
use crate::raw::{Call, Reply};
use crate::status::{BoxError, Status};

/// A service that is protected from more calls than it can handle; made by an [`OverloadLayer`].
#[derive(Debug, Clone)]
pub struct Overload<S> {
    inner: S,
    layer: OverloadLayer,
}

impl<S> Overload<S> {
    pub(super) fn new(inner: S, layer: OverloadLayer) -> Self {
        Self { inner, layer }
    }
}

impl<S> Service<Call> for Overload<S>
where
    S: Service<Call, Response = Reply> + Clone,
    S::Error: Into<BoxError>,
{
    type Response = Reply;
    type Error = Status;
    type Future = OverloadFuture<S>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Status>> {
        self.inner.poll_ready(cx).map_err(|error| Status::from_error(error.into()))
    }

    fn call(&mut self, call: Call) -> Self::Future {
        match self.layer.enter(&call) {
            Entry::Admitted(permit) => OverloadFuture::running(self.inner.call(call), permit),
            Entry::Waits(place) => {
                // The one that is ready is the one that is called later.
                let next = self.inner.clone();
                OverloadFuture::waiting(place, mem::replace(&mut self.inner, next), call)
            }
            Entry::Rejected(status) => OverloadFuture::rejected(status),
        }
    }
}
