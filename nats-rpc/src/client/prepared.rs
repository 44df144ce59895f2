use std::any::TypeId;
use std::fmt;
use std::task::{Context, Poll, ready};

use super::Channel;
use crate::raw::{Call, CallService};
use crate::status::Status;

/// A call that is not made yet, and what will carry it.
pub(super) struct Prepared<S> {
    /// With a failure it fails once it is awaited. `None`: it was taken.
    call: Option<Result<Call, Status>>,
    service: S,
}

const ONCE: &str = "a call is made once";

impl<S: CallService> Prepared<S> {
    pub(super) fn new(service: &S, call: Result<Call, Status>) -> Self {
        Self { call: Some(call), service: service.clone() }
    }

    pub(super) fn into_parts(self) -> (S, Result<Call, Status>) {
        (self.service, self.call.expect(ONCE))
    }

    pub(super) fn change(self, change: impl FnOnce(Call) -> Result<Call, Status>) -> Self {
        Self { call: self.call.map(|call| call.and_then(change)), service: self.service }
    }

    /// Waits until the service is ready for the call, whose time begins then. Not to be polled after that.
    pub(super) fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<Call, Status>> {
        if let Some(Ok(call)) = &mut self.call {
            if let Err(error) = ready!(self.service.poll_ready(cx)) {
                return Poll::Ready(Err(Status::from_error(error.into())));
            }
            // A channel looks at the clock itself, and at once. What is around one may let calls wait before.
            if TypeId::of::<S>() != TypeId::of::<Channel>() {
                call.begin();
            }
        }
        Poll::Ready(self.call.take().expect(ONCE))
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
