use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use super::link::Link;

/// So much of streams may be on its way through the NATS client at once, which publishes in order, in bytes.
const FULL: usize = 256 * 1024;

/// What of streams is on its way through the NATS client: so little that what is published next is not long behind it.
///
/// Nobody has to wait for most of it to leave: it is looked at again when there is more.
#[derive(Default)]
pub(super) struct Backlog {
    bytes: usize,
    /// Done when all of it has left the process.
    left: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
}

impl Backlog {
    /// So much was published.
    pub(super) fn add(&mut self, link: &Link, len: usize) {
        self.bytes += len;
        if self.bytes >= FULL && self.left.is_none() {
            self.left = Some(link.flushed());
            // What asks for it goes the same way, now.
            let _ = self.poll_room(&mut Context::from_waker(Waker::noop()));
        }
    }

    /// Whether more may be published.
    pub(super) fn has_room(&mut self) -> bool {
        self.poll_room(&mut Context::from_waker(Waker::noop())).is_ready()
    }

    /// Waits until more may be published.
    pub(super) fn poll_room(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(left) = &mut self.left else { return Poll::Ready(()) };
        // Without the budget of cooperative tasks: used up, it would look as if nothing had left.
        let polled = std::pin::pin!(tokio::task::unconstrained(left.as_mut())).poll(cx);
        if polled.is_ready() {
            *self = Self::default();
        }
        polled
    }
}
