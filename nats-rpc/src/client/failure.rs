use std::fmt;
use std::sync::OnceLock;
use std::task::{Context, Poll};

use futures_util::task::AtomicWaker;

use crate::status::Status;

/// How a stream of requests failed on this side, for whoever awaits the response: the call has failed with it,
/// whatever the service makes of that.
#[derive(Default)]
pub(super) struct Failure {
    status: OnceLock<Status>,
    awaiting: AtomicWaker,
}

impl Failure {
    /// The first one counts.
    pub(super) fn set(&self, status: Status) {
        // It may be of another call that was not processed.
        drop(self.status.set(status.with_maybe_processed()));
        self.awaiting.wake();
    }

    pub(super) fn get(&self) -> Option<&Status> {
        self.status.get()
    }

    /// What was polled for, or what is made of the failure.
    pub(super) fn or<T>(
        &self,
        polled: Poll<T>,
        cx: &Context<'_>,
        failed: impl FnOnce(Status) -> T,
    ) -> Poll<T> {
        if polled.is_pending() && self.get().is_none() {
            self.awaiting.register(cx.waker());
        }
        match self.get() {
            Some(status) => Poll::Ready(failed(status.clone())),
            None => polled,
        }
    }
}

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Failure").field("status", &self.status).finish_non_exhaustive()
    }
}
