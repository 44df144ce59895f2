use std::fmt;
use std::mem;
use std::task::{Context, Poll, ready};

use crate::raw::{Call, CallService};
use crate::status::Status;

/// A call that is not made yet, and what will carry it.
pub(super) struct Prepared<S> {
    /// Without one the call fails once it is awaited.
    call: Result<Call, Status>,
    service: S,
}

impl<S: CallService> Prepared<S> {
    pub(super) fn new(service: &S, call: Result<Call, Status>) -> Self {
        Self { call, service: service.clone() }
    }

    pub(super) fn into_parts(self) -> (S, Result<Call, Status>) {
        (self.service, self.call)
    }

    pub(super) fn change(self, change: impl FnOnce(Call) -> Result<Call, Status>) -> Self {
        Self { call: self.call.and_then(change), service: self.service }
    }

    /// Waits until the service is ready for the call, whose time begins then. Not to be polled after that.
    pub(super) fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<Call, Status>> {
        if self.call.is_ok()
            && let Err(error) = ready!(self.service.poll_ready(cx))
        {
            self.call = Err(Status::from_error(error.into()));
        }
        let gone = Err(Status::internal("the call was taken"));
        Poll::Ready(mem::replace(&mut self.call, gone).map(|mut call| {
            call.begin();
            call
        }))
    }

    /// Makes the call that the service is ready for.
    pub(super) fn make(&mut self, call: Call) -> S::Future {
        self.service.call(call)
    }
}

impl<S> fmt::Debug for Prepared<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Prepared").field("call", &self.call).finish_non_exhaustive()
    }
}
