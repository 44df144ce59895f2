use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

/// So much of streams may be on its way through the NATS client at once, which publishes in order, in bytes.
const FULL: usize = 256 * 1024;

/// What of streams is on its way through the NATS client: so little that what is published next is not long behind it.
///
/// Nobody has to wait for most of it to leave: it is looked at again when there is more.
#[derive(Default)]
pub(super) struct Backlog {
    bytes: usize,
    /// Done when all of it has left the process.
    left: Option<Flushed>,
}

/// Done when all that was published before it is first polled has left the process.
type Flushed = Pin<Box<dyn Future<Output = ()> + Send>>;

impl Backlog {
    /// So much was published. `flushed` is asked for once it is much.
    pub(super) fn add(&mut self, len: usize, flushed: impl FnOnce() -> Flushed) {
        self.bytes += len;
        if self.bytes >= FULL && self.left.is_none() {
            self.left = Some(flushed());
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::{Context, Wake, Waker};

    use tokio::sync::oneshot;

    use super::{Backlog, FULL, Flushed};

    /// What leaves when the sender says so.
    fn flushed() -> (oneshot::Sender<()>, Flushed) {
        let (sender, receiver) = oneshot::channel();
        (sender, Box::pin(async { receiver.await.unwrap() }))
    }

    /// One that has no room left.
    fn full() -> (Backlog, oneshot::Sender<()>) {
        let mut backlog = Backlog::default();
        let (leave, left) = flushed();
        backlog.add(FULL, || left);
        (backlog, leave)
    }

    #[test]
    fn nobody_waits_for_a_little() {
        let mut backlog = Backlog::default();
        backlog.add(FULL - 1, || panic!("too early"));
        assert!(backlog.has_room());
    }

    #[test]
    fn much_has_to_leave_before_there_is_room_again() {
        let (mut backlog, leave) = full();
        // Only the first time.
        backlog.add(FULL, || panic!("asked twice"));
        assert!(!backlog.has_room());
        leave.send(()).unwrap();
        assert!(backlog.has_room());
        // What has left does not count any more.
        backlog.add(FULL - 1, || panic!("too early"));
        let (_leave, left) = flushed();
        backlog.add(1, || left);
        assert!(!backlog.has_room());
    }

    #[test]
    fn what_is_asked_goes_the_same_way_at_once() {
        let asked = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&asked);
        let mut backlog = Backlog::default();
        backlog.add(FULL, || {
            Box::pin(async move {
                count.fetch_add(1, Ordering::Relaxed);
            })
        });
        assert_eq!(asked.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn who_waits_is_woken() {
        struct Count(AtomicUsize);
        impl Wake for Count {
            fn wake(self: Arc<Self>) {
                self.0.fetch_add(1, Ordering::Relaxed);
            }
        }
        let woken = Arc::new(Count(AtomicUsize::new(0)));
        let waker = Waker::from(Arc::clone(&woken));
        let (mut backlog, leave) = full();
        assert!(backlog.poll_room(&mut Context::from_waker(&waker)).is_pending());
        leave.send(()).unwrap();
        assert_eq!(woken.0.load(Ordering::Relaxed), 1);
        assert!(backlog.poll_room(&mut Context::from_waker(&waker)).is_ready());
    }

    #[tokio::test]
    async fn a_task_whose_budget_is_used_up_sees_that_it_has_left() {
        let (mut backlog, leave) = full();
        leave.send(()).unwrap();
        while tokio::task::coop::has_budget_remaining() {
            let (sender, mut receiver) = oneshot::channel();
            sender.send(()).unwrap();
            let _ = std::pin::Pin::new(&mut receiver).poll(&mut Context::from_waker(Waker::noop()));
        }
        assert!(backlog.has_room());
    }
}
