use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use tokio::time::{Instant, Sleep};

use super::Pipe;
use crate::call::Cancelled;
use crate::status::Status;

/// Where messages go in. Dropping it closes the pipe; in a panic, the call is given up.
pub(in crate::client) struct Writer {
    pipe: Arc<Pipe>,
    /// What ends the call on this side, even if nobody reads its responses and so sees it.
    deadline: Option<Instant>,
    sleep: Option<Pin<Box<Sleep>>>,
    cancelled: Cancelled,
}

impl Writer {
    pub(super) fn new(pipe: Arc<Pipe>) -> Self {
        Self { pipe, deadline: None, sleep: None, cancelled: Cancelled::default() }
    }

    /// Waits no longer than the call lasts that has this context.
    pub(in crate::client) fn lasts_as(&mut self, context: &crate::call::Context) {
        self.deadline = context.deadline();
        self.cancelled = context.until_cancelled();
    }

    /// Waits for room.
    pub(in crate::client) async fn write(&mut self, mut message: Bytes) -> Result<(), Status> {
        // A reader that keeps up leaves nothing to wait for, and others want their turn.
        tokio::task::coop::consume_budget().await;
        poll_fn(|cx| match self.pipe.poll_write(&mut message, cx) {
            Poll::Pending => self.poll_over(cx).map(Err),
            written @ Poll::Ready(_) => written,
        })
        .await
    }

    fn poll_over(&mut self, cx: &mut Context<'_>) -> Poll<Status> {
        if let Poll::Ready(status) = Pin::new(&mut self.cancelled).poll(cx) {
            return Poll::Ready(status);
        }
        let Some(deadline) = self.deadline else { return Poll::Pending };
        let sleep = self.sleep.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(deadline)));
        sleep
            .as_mut()
            .poll(cx)
            .map(|()| Status::deadline_exceeded("the service took no more requests before the deadline"))
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.pipe.give_up(Status::cancelled("whoever sent the requests panicked"));
        } else {
            self.pipe.close();
        }
    }
}
