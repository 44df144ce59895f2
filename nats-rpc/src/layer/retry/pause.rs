use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::Sleep;

use crate::call::{Cancelled, Context as CallContext};
use crate::status::Status;

/// The time between two attempts. It ends early when the call is given up.
pub(super) struct Pause {
    sleep: Pin<Box<Sleep>>,
    cancelled: Cancelled,
}

impl Pause {
    pub(super) fn new(delay: Duration, context: &CallContext) -> Self {
        Self { sleep: Box::pin(tokio::time::sleep(delay)), cancelled: context.until_cancelled() }
    }
}

impl Future for Pause {
    type Output = Result<(), Status>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        if let Poll::Ready(status) = Pin::new(&mut self.cancelled).poll(cx) {
            return Poll::Ready(Err(status));
        }
        self.sleep.as_mut().poll(cx).map(Ok)
    }
}
