use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use super::failure::Failure;
use super::making::Making;
use super::prepared::Prepared;
use crate::raw::{Call, CallService, Reply};
use crate::status::Status;

pin_project! {
    /// A call that fails when its requests do.
    pub(super) struct Sending<S, F> {
        #[pin]
        making: Making<S, F>,
        // `None`: it has one request, which is encoded already.
        requests: Option<Arc<Failure>>,
    }
}

impl<S: CallService> Sending<S, S::Future> {
    pub(super) fn new(prepared: Prepared<S>, requests: Option<Arc<Failure>>) -> Self {
        Self { making: Making::new(prepared), requests }
    }

    pub(super) fn change(self, change: impl FnOnce(Call) -> Result<Call, Status>) -> Self {
        Self { making: self.making.change(change), requests: self.requests }
    }

    pub(super) fn requests(self: Pin<&mut Self>) -> Option<&Arc<Failure>> {
        self.project().requests.as_ref()
    }
}

impl<S: CallService> Future for Sending<S, S::Future> {
    type Output = Result<Reply, Status>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let polled = this.making.as_mut().poll(cx);
        let Some(requests) = this.requests else { return polled };
        requests.or(polled, cx, |status| {
            // Whoever is given up is told now, not when the future is dropped.
            this.making.set(Making::Done);
            Err(status)
        })
    }
}

impl<S, F> fmt::Debug for Sending<S, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.making.fmt(f)
    }
}
