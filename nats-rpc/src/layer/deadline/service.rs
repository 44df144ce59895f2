use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::time::Instant;
use tower_service::Service;

use super::future::DeadlineFuture;
use super::settings::Settings;
use crate::raw::{Call, Reply};
use crate::status::{BoxError, Status};

/// Says how long calls may take; what [`DeadlineLayer`](super::DeadlineLayer) makes of a service.
///
/// The time of a call begins when the service inside is ready for it: what it waits for that is not counted.
#[derive(Debug, Clone)]
pub struct Deadline<S> {
    inner: S,
    settings: Arc<Settings>,
}

impl<S> Deadline<S> {
    pub(super) fn new(inner: S, settings: Arc<Settings>) -> Self {
        Self { inner, settings }
    }
}

impl<S> Service<Call> for Deadline<S>
where
    S: Service<Call, Response = Reply, Error: Into<BoxError>>,
{
    type Response = Reply;
    type Error = Status;
    type Future = DeadlineFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Status>> {
        self.inner.poll_ready(cx).map_err(|error| Status::from_error(error.into()))
    }

    fn call(&mut self, mut call: Call) -> DeadlineFuture<S::Future> {
        match self.settings.begin(&mut call, Instant::now()) {
            Ok(()) => {
                let deadline = call.context().deadline().filter(|_| !self.settings.trusts);
                DeadlineFuture::new(self.inner.call(call), deadline)
            }
            Err(status) => DeadlineFuture::over(status),
        }
    }
}
