use std::sync::Arc;

use tokio::time::Instant;
use tower_service::Service;

use super::course::Methods;
use super::future::RetryFuture;
use super::layer::RetryLayer;
use crate::raw::Call;

/// Makes calls, and makes them again, of whatever service.
#[derive(Debug)]
pub(in crate::layer) struct Retries<S> {
    /// What further attempts are made with clones of.
    pub(in crate::layer) prototype: S,
    pub(super) methods: Methods,
}

impl<S> Retries<S> {
    pub(in crate::layer) fn new(prototype: S, settings: RetryLayer) -> Arc<Self> {
        Arc::new(Self { prototype, methods: Methods::new(settings) })
    }
}

impl<S: Service<Call>> Retries<S> {
    /// Makes a call at the time `now`, whose first attempt `first` makes.
    #[inline]
    pub(in crate::layer) fn call(
        self: &Arc<Self>,
        mut call: Call,
        now: Instant,
        first: impl FnOnce(Call) -> S::Future,
    ) -> RetryFuture<S> {
        let (course, until) = self.methods.begin(&mut call, now);
        RetryFuture::new(first(call), until, course, Arc::clone(self))
    }
}
