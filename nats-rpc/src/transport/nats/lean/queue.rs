use std::collections::VecDeque;
use std::sync::Mutex;
use std::task::{Context, Poll, Waker, ready};

use tokio::task::coop;

use crate::transport::{Incoming, lock};

/// Messages of one subscription that nobody has read yet.
pub(super) struct Queue {
    capacity: usize,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    messages: VecDeque<Incoming>,
    waker: Option<Waker>,
    received: u64,
    /// It ends after so many.
    last: Option<u64>,
    ended: bool,
}

/// What became of messages for a queue.
pub(super) enum Taken {
    All,
    /// It was full.
    Some,
    /// These were the last.
    Last,
}

impl Queue {
    pub(super) fn new(capacity: usize) -> Self {
        Self { capacity, state: Mutex::default() }
    }

    pub(super) fn push(&self, messages: &mut Vec<Incoming>) -> Taken {
        let mut state = lock(&self.state);
        let count = messages.len();
        let room = self.capacity.saturating_sub(state.messages.len());
        state.received += count as u64;
        state.messages.extend(messages.drain(..).take(room));
        state.ended |= state.last.is_some_and(|last| last <= state.received);
        let ended = state.ended;
        let waker = state.waker.take();
        drop(state);
        waker.into_iter().for_each(Waker::wake);
        match ended {
            true => Taken::Last,
            false if count > room => Taken::Some,
            false => Taken::All,
        }
    }

    pub(super) fn poll(&self, cx: &mut Context<'_>) -> Poll<Option<Incoming>> {
        // Whoever reads a queue that is never empty lets others run, too.
        let budget = ready!(coop::poll_proceed(cx));
        let mut state = lock(&self.state);
        if let Some(message) = state.messages.pop_front() {
            budget.made_progress();
            return Poll::Ready(Some(message));
        }
        if state.ended {
            return Poll::Ready(None);
        }
        match &mut state.waker {
            Some(waker) => waker.clone_from(cx.waker()),
            waker => *waker = Some(cx.waker().clone()),
        }
        Poll::Pending
    }

    /// Ends once so many have been received in all. Returns whether they have been already.
    pub(super) fn end_after(&self, count: u64) -> bool {
        let mut state = lock(&self.state);
        state.last = Some(count);
        let ended = state.received >= count;
        drop(state);
        if ended {
            self.end();
        }
        ended
    }

    pub(super) fn end(&self) {
        let mut state = lock(&self.state);
        state.ended = true;
        let waker = state.waker.take();
        drop(state);
        waker.into_iter().for_each(Waker::wake);
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::task::{Context, Poll, Waker};

    use futures_util::FutureExt;

    use super::{Queue, Taken};
    use crate::subject::Subject;
    use crate::transport::Incoming;

    fn messages(count: usize) -> Vec<Incoming> {
        let message = || Incoming {
            subject: Subject::from_static("a"),
            reply: None,
            headers: None,
            payload: bytes::Bytes::new(),
            no_responders: false,
        };
        std::iter::repeat_with(message).take(count).collect()
    }

    /// How many can be read, and whether it has ended after them.
    fn read(queue: &Queue) -> (usize, bool) {
        let mut count = 0;
        loop {
            match queue.poll(&mut Context::from_waker(Waker::noop())) {
                Poll::Ready(Some(_)) => count += 1,
                Poll::Ready(None) => return (count, true),
                Poll::Pending => return (count, false),
            }
        }
    }

    #[test]
    fn what_has_no_room_is_told() {
        let queue = Queue::new(3);
        assert!(matches!(queue.push(&mut messages(2)), Taken::All));
        assert!(matches!(queue.push(&mut messages(2)), Taken::Some));
        assert_eq!(read(&queue), (3, false));
        assert!(matches!(queue.push(&mut messages(3)), Taken::All));
    }

    #[test]
    fn it_ends_after_as_many_as_were_said_and_what_came_is_read() {
        let queue = Queue::new(10);
        queue.push(&mut messages(2));
        assert!(!queue.end_after(4));
        assert!(matches!(queue.push(&mut messages(1)), Taken::All));
        assert_eq!(read(&queue), (3, false));
        assert!(matches!(queue.push(&mut messages(1)), Taken::Last));
        assert_eq!(read(&queue), (1, true));

        // The server counts dropped ones as well.
        let full = Queue::new(1);
        full.push(&mut messages(4));
        assert!(full.end_after(4));
        assert_eq!(read(&full), (1, true));
    }

    #[tokio::test]
    async fn whoever_reads_a_queue_that_is_never_empty_lets_others_run() {
        let queue = Queue::new(10_000);
        queue.push(&mut messages(10_000));
        let all = async { while poll_fn(|cx| queue.poll(cx)).await.is_some() {} };
        assert!(std::pin::pin!(all).now_or_never().is_none());
        assert!(!lock_is_empty(&queue), "it was read without a pause");
    }

    fn lock_is_empty(queue: &Queue) -> bool {
        crate::transport::lock(&queue.state).messages.is_empty()
    }

    #[tokio::test]
    async fn who_waits_is_woken() {
        let queue = Queue::new(10);
        let push = async { queue.push(&mut messages(1)) };
        let (message, _) = tokio::join!(poll_fn(|cx| queue.poll(cx)), push);
        assert!(message.is_some());
        let (message, ()) = tokio::join!(poll_fn(|cx| queue.poll(cx)), async { queue.end() });
        assert!(message.is_none());
    }
}
