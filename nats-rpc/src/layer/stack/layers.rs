use std::sync::Arc;

use tokio::time::Instant;
use tower_service::Service;

use super::future::StackFuture;
use crate::layer::breaker::Breaker;
use crate::layer::deadline::DeadlineLayer;
use crate::layer::hedge::Hedge;
use crate::layer::retry::Retries;
use crate::raw::{Call, Reply};
use crate::status::BoxError;

/// What makes one attempt.
pub(super) type Attempted<S> = Hedge<Breaker<S>>;

/// The default layers, for calls that services of one kind carry.
///
/// They do what they would do around each other, but that they share one look at the clock, and that whoever makes a
/// call need not have a clone of each of them.
#[derive(Debug)]
pub(crate) struct Layers<S> {
    pub(super) deadline: DeadlineLayer,
    /// `None`: each call is made once.
    pub(super) attempts: Option<Arc<Retries<Attempted<S>>>>,
}

impl<S> Layers<S>
where
    S: Service<Call, Response = Reply, Error: Into<BoxError>> + Clone,
{
    /// Makes a call, which `carry` carries, given the time.
    #[inline]
    pub(crate) fn call(
        &self,
        mut call: Call,
        carry: impl FnOnce(Call, Instant) -> S::Future,
    ) -> StackFuture<S> {
        let now = Instant::now();
        if let Err(status) = self.deadline.begin(&mut call, now) {
            return StackFuture::over(status);
        }
        let Some(retries) = &self.attempts else { return StackFuture::bare(carry(call, now)) };
        StackFuture::full(retries.call(call, now, |call| {
            retries.prototype.call_at(now, call, |breaker, call| breaker.pass(call, |call| carry(call, now)))
        }))
    }
}
