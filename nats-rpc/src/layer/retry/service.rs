use std::sync::Arc;
use std::task::{Context, Poll};

use tower_service::Service;

use super::course::Methods;
use super::future::{RetryFuture, State};
use super::layer::RetryLayer;
use crate::raw::{Call, Reply};
use crate::status::{BoxError, Status};

/// Makes calls again that have failed, where that may be and helps. Made by [`RetryLayer`].
#[derive(Debug, Clone)]
pub struct Retry<S> {
    inner: S,
    shared: Arc<Shared<S>>,
}

#[derive(Debug)]
pub(super) struct Shared<S> {
    /// What further attempts are made with clones of.
    pub(super) prototype: S,
    methods: Methods,
}

impl<S: Clone> Retry<S> {
    pub(super) fn new(inner: S, settings: RetryLayer) -> Self {
        let shared = Arc::new(Shared { prototype: inner.clone(), methods: Methods::new(settings) });
        Self { inner, shared }
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
        let (mut course, now) = self.shared.methods.start(call);
        let (call, until) = course.attempt(now);
        let first = State::attempt(self.inner.call(call), until);
        RetryFuture::new(first, course, Arc::clone(&self.shared))
    }
}
