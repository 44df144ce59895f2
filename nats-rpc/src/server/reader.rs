use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};

use tokio::time::Instant;

use super::dispatch::Dispatcher;
use super::drain::{Drain, Seen};
use crate::transport::{Outgoing, Subscription};
use crate::wire;

/// Answers that wait for the messages behind theirs to be read, at most.
const BATCH: usize = 256;
/// The same in bytes of theirs. Memory for more is new each time, and paging it in costs more than a write.
const BATCH_BYTES: usize = 64 * 1024;

/// Reads the calls of one method.
///
/// Handlers are polled here first: most are ready at once, and their answers go out together. No handler is ever
/// awaited here.
pub(super) struct Reader {
    subscription: Subscription,
    dispatcher: Arc<Dispatcher>,
    seen: Seen,
    answers: Vec<Outgoing>,
    /// Of `answers`.
    bytes: usize,
}

impl Reader {
    pub(super) fn new(subscription: Subscription, dispatcher: Arc<Dispatcher>) -> Self {
        Self { subscription, dispatcher, seen: Seen::new(), answers: Vec::new(), bytes: 0 }
    }

    /// Reads until the connection ends, or, once draining, until the last message before the end of the
    /// subscription.
    pub(super) async fn run(mut self, drain: Arc<Drain>) {
        tokio::select! {
            biased;
            () = self.read() => return,
            () = drain.begin.cancelled() => {}
        }
        let mark = self.seen.mark(Instant::now());
        drain.missing.fetch_add(mark - self.seen.total(), Ordering::Relaxed);
        self.subscription.unsubscribe_after(mark).await;
        tokio::select! {
            biased;
            () = self.read() => return,
            () = drain.give_up.cancelled() => {}
        }
        self.subscription.unsubscribe().await;
        self.read().await;
    }

    async fn read(&mut self) {
        std::future::poll_fn(|cx| self.poll_read(cx)).await;
    }

    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            let next = self.subscription.poll_next(cx);
            if !matches!(next, Poll::Ready(Some(_))) || self.is_full() {
                self.dispatcher.publish(&mut self.answers);
                self.bytes = 0;
            }
            match next {
                Poll::Ready(Some(message)) => {
                    let now = Instant::now();
                    let filler = *message.payload == wire::NOOP && message.reply.is_none();
                    self.seen.record(now, filler);
                    if !filler {
                        let before = self.answers.len();
                        self.dispatcher.dispatch(message, now, &mut self.answers, cx);
                        self.bytes += self.answers[before..].iter().map(Outgoing::len).sum::<usize>();
                    }
                }
                Poll::Ready(None) => return Poll::Ready(()),
                Poll::Pending => return Poll::Pending,
            }
        }
    }

    fn is_full(&self) -> bool {
        self.answers.len() >= BATCH || self.bytes >= BATCH_BYTES
    }
}
