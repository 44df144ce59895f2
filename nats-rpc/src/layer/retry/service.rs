use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::time::Instant;
use tower_service::Service;

use super::future::RetryFuture;
use super::layer::RetryLayer;
use super::retries::Retries;
use crate::raw::{Call, Reply};
use crate::status::{BoxError, Status};

/// Makes calls again that have failed, where that may be and helps. Made by [`RetryLayer`].
#[derive(Debug, Clone)]
pub struct Retry<S> {
    inner: S,
    retries: Arc<Retries<S>>,
}

impl<S: Clone> Retry<S> {
    pub(super) fn new(inner: S, settings: RetryLayer) -> Self {
        Self { retries: Retries::new(inner.clone(), settings), inner }
    }
}

impl<S> Service<Call> for Retry<S>
where
    S: Service<Call, Response = Reply, Error: Into<BoxError>> + Clone,
{
    type Response = Reply;
    type Error = Status;
    type Future = RetryFuture<S>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Status>> {
        self.inner.poll_ready(cx).map_err(|error| Status::from_error(error.into()))
    }

    fn call(&mut self, call: Call) -> RetryFuture<S> {
        self.retries.call(call, Instant::now(), |call| self.inner.call(call))
    }
}
