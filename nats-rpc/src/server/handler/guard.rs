use std::any::Any;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;
use tokio::time::{Instant, Sleep};

use super::requests::Unread;
use crate::call::{Cancelled, Scope};
use crate::raw::Reply;
use crate::status::Status;

pin_project! {
    /// What a handler runs in, and then its stream of responses: the context of its call is in force, and it ends when
    /// it panics, outlives its deadline, or was called by a handler within the process that was given up.
    pub(super) struct Guard {
        scope: Scope,
        deadline: Option<Instant>,
        // Only what is not ready at once needs a timer.
        #[pin]
        sleep: Option<Sleep>,
        cancelled: Cancelled,
        unread: Option<Unread>,
    }
}

impl Guard {
    pub(super) fn new(context: crate::call::Context) -> Self {
        let (deadline, cancelled) = (context.deadline(), context.until_cancelled());
        Self { scope: Scope::of_handler(context), deadline, sleep: None, cancelled, unread: None }
    }

    /// Reads the requests that the handler has given up reading.
    pub(super) fn with_unread(mut self, unread: Unread) -> Self {
        self.unread = Some(unread);
        self
    }

    /// Polls what runs in it.
    pub(super) fn poll<T>(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        work: impl FnOnce(&mut Context<'_>) -> Poll<T>,
    ) -> Poll<Result<T, Status>> {
        let mut this = self.project();
        match catch_unwind(AssertUnwindSafe(|| this.scope.enter(|| work(cx)))) {
            Ok(Poll::Ready(outcome)) => return Poll::Ready(Ok(outcome)),
            Ok(Poll::Pending) => {}
            Err(panic) => return Poll::Ready(Err(panicked(&*panic))),
        }
        if let Some(unread) = this.unread {
            unread.discard(cx);
        }
        if let Poll::Ready(status) = Pin::new(this.cancelled).poll(cx) {
            return Poll::Ready(Err(status));
        }
        let Some(deadline) = *this.deadline else { return Poll::Pending };
        if this.sleep.is_none() {
            this.sleep.set(Some(tokio::time::sleep_until(deadline)));
        }
        match this.sleep.as_pin_mut().map(|sleep| sleep.poll(cx)) {
            Some(Poll::Ready(())) => Poll::Ready(Err(too_late())),
            _ => Poll::Pending,
        }
    }

    /// Why nothing more is to be polled, even if it is ready all the time.
    pub(super) fn over(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Option<Status> {
        let this = self.project();
        if this.deadline.is_some_and(|deadline| deadline <= Instant::now()) {
            return Some(too_late());
        }
        match Pin::new(this.cancelled).poll(cx) {
            Poll::Ready(status) => Some(status),
            Poll::Pending => None,
        }
    }

    /// The same for what follows the handler; nothing is left in this one.
    pub(super) fn take(self: Pin<&mut Self>) -> Self {
        let mut this = self.project();
        this.sleep.set(None);
        Self {
            scope: mem::take(this.scope),
            deadline: this.deadline.take(),
            sleep: None,
            cancelled: mem::take(this.cancelled),
            unread: this.unread.take(),
        }
    }

    /// The handler has ended in its own time.
    pub(super) fn end(self: Pin<&mut Self>) {
        self.project().scope.end();
    }

    /// Nothing follows the handler.
    pub(super) fn done(mut self, reply: Reply) -> Reply {
        self.scope.end();
        reply
    }
}

fn too_late() -> Status {
    Status::deadline_exceeded("the handler did not end before the deadline")
}

/// What a panic's payload says stays in the log: it may hold anything.
pub(in crate::server) fn panicked(panic: &(dyn Any + Send)) -> Status {
    let text =
        panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    tracing::error!(panic = text.unwrap_or("of an unknown type"), "a handler panicked");
    Status::unknown("the handler panicked")
}
