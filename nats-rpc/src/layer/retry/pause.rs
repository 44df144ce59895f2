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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures_util::FutureExt;
    use tokio::time::Instant;

    use super::{CallContext, Pause};
    use crate::call::Scope;
    use crate::status::Code;

    #[tokio::test(start_paused = true)]
    async fn a_call_that_is_given_up_does_not_wait_any_longer() {
        let mut handler = Scope::of_handler(CallContext::new());
        let context = handler.enter(CallContext::current);
        let mut pause = Pause::new(Duration::from_secs(20), &context);
        let begun = Instant::now();
        assert!((&mut pause).now_or_never().is_none());
        drop(handler);
        assert_eq!(pause.await.unwrap_err().code(), Code::Cancelled);
        assert_eq!(begun.elapsed(), Duration::ZERO);

        Pause::new(Duration::from_secs(20), &CallContext::new()).await.unwrap();
        assert_eq!(begun.elapsed(), Duration::from_secs(20));
    }
}
