use std::mem;
use std::sync::Arc;
use std::task::{Context, Poll};

use tower_service::Service;

use super::execution::answer;
use super::future::IdempotencyFuture;
use super::shared::Shared;
use crate::raw::{Call, Reply};
use crate::status::{BoxError, Status};

/// A service whose repeated calls are answered with what came of them at first. Made by
/// [`IdempotencyLayer`](super::IdempotencyLayer).
#[derive(Debug, Clone)]
pub struct IdempotencyService<S> {
    inner: S,
    shared: Arc<Shared>,
}

impl<S> IdempotencyService<S> {
    pub(super) fn new(inner: S, shared: Arc<Shared>) -> Self {
        Self { inner, shared }
    }
}

impl<S> Service<Call> for IdempotencyService<S>
where
    S: Service<Call, Response = Reply> + Clone + Send + 'static,
    S::Error: Into<BoxError>,
    S::Future: Send + 'static,
{
    type Response = Reply;
    type Error = Status;
    type Future = IdempotencyFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Status>> {
        self.inner.poll_ready(cx).map_err(|error| Status::from_error(error.into()))
    }

    fn call(&mut self, call: Call) -> Self::Future {
        let Some(identity) = self.shared.identity_of(&call) else {
            return IdempotencyFuture::passing(self.inner.call(call));
        };
        // What was found ready is what is called.
        let clone = self.inner.clone();
        let service = mem::replace(&mut self.inner, clone);
        IdempotencyFuture::remembered(answer(Arc::clone(&self.shared), service, call, identity))
    }
}
