use std::collections::VecDeque;
use std::future::poll_fn;
use std::mem;
use std::sync::{Mutex, MutexGuard};
use std::task::{Context, Poll, Waker};

use tokio::sync::Notify;

use super::backlog::Backlog;
use super::coalesce::{alone, coalesce};
use super::inbox::Inbox;
use super::link::Link;
use super::{Outgoing, lock};

/// Frames of streams that wait, in bytes: beyond that whoever wants to send more has to wait itself.
const FULL: usize = 512 * 1024;
/// So much of streams is published before everything else has its turn again.
const TURN: usize = 64 * 1024;

/// Collects what ready tasks want to publish and publishes the lot.
///
/// A NATS client that is handed one message at a time soon writes one at a time, and the broker pays for each
/// write. Yielding once before collecting lets every task that is ready add its message to the same write.
/// Everything of a connection goes through its pump, in two lanes: frames of streams keep their order among themselves,
/// and what is not of a stream overtakes them.
#[derive(Default)]
pub(crate) struct Pump {
    state: Mutex<State>,
    wake: Notify,
}

/// Where everything goes, and where what it is answered with comes.
#[derive(Clone, Copy)]
pub(crate) struct Way<'a> {
    pub(crate) link: &'a Link,
    pub(crate) inbox: &'a Inbox,
}

#[derive(Default)]
struct State {
    queue: Vec<Outgoing>,
    streams: VecDeque<Outgoing>,
    /// Of `streams`.
    bytes: usize,
    /// Who waits for room in `streams`.
    waiting: Vec<Waker>,
    /// Of streams, published already.
    backlog: Backlog,
    /// The pump's task has been woken and has not yet found the queues empty.
    running: bool,
    /// What was taken out is being published. No frame of a stream may overtake that: one may say what became of calls.
    publishing: bool,
    /// It waits for what it has published of streams to leave.
    flushing: bool,
    /// Answers are being given out, upon which more calls may follow: they are waited for, until there are enough.
    held: bool,
    enough: usize,
    /// They have been.
    gathered: bool,
    closed: bool,
}

impl Pump {
    /// Publishes through the pump's task.
    pub(crate) fn push(&self, message: Outgoing) {
        let mut state = lock(&self.state);
        state.queue.push(message);
        self.start(state);
    }

    /// Publishes at once when nothing is before it: a lone message should not wait for another task.
    pub(crate) fn push_direct(&self, way: &Way<'_>, mut message: Outgoing) {
        let mut state = lock(&self.state);
        if !state.running && !state.held {
            alone(&mut message, way.inbox);
            let Err(refused) = way.link.try_publish(message) else {
                drop(state);
                return way.link.send();
            };
            state.queue.push(refused);
        } else {
            state.queue.push(message);
        }
        self.start(state);
    }

    /// Publishes what a task has collected itself, at once when nothing is before it.
    pub(crate) fn push_collected(&self, way: &Way<'_>, messages: &mut Vec<Outgoing>) {
        let mut state = lock(&self.state);
        if state.running || state.held {
            state.queue.append(messages);
            return self.start(state);
        }
        self.publish_now(state, way, messages);
    }

    /// Publishes in the task that is here: the pump's does not run.
    fn publish_now(&self, mut state: MutexGuard<'_, State>, way: &Way<'_>, messages: &mut Vec<Outgoing>) {
        // What others push meanwhile waits for this task as it would for the pump's.
        (state.running, state.publishing) = (true, true);
        drop(state);
        coalesce(messages, way.inbox);
        let mut rest = messages.drain(..);
        let refused = rest.find_map(|message| way.link.try_publish(message).err());
        way.link.send();
        let mut state = lock(&self.state);
        state.queue.splice(..0, refused.into_iter().chain(rest));
        state.publishing = false;
        state.running = !state.queue.is_empty() || !state.streams.is_empty();
        if state.running || state.closed {
            drop(state);
            self.wake.notify_one();
        }
    }

    /// Publishes a frame of a stream, after those before it; `directly` together with them, unless the pump is at it, and
    /// then the link has to [`send`](Link::send) it.
    pub(crate) fn push_stream(&self, way: &Way<'_>, message: Outgoing, directly: bool) {
        let mut state = lock(&self.state);
        state.bytes += message.frame_len();
        state.streams.push_back(message);
        let all_gone = directly && state.publish_streams(way);
        let waiting = state.take_waiting();
        if all_gone {
            drop(state);
        } else {
            self.start(state);
        }
        waiting.into_iter().for_each(Waker::wake);
    }

    /// Whether another frame of a stream should be made now; wakes the task when it should.
    pub(crate) fn poll_room(&self, cx: &Context<'_>) -> Poll<()> {
        let mut state = lock(&self.state);
        if state.bytes < FULL {
            return Poll::Ready(());
        }
        state.waiting.push(cx.waker().clone());
        Poll::Pending
    }

    /// How many messages wait.
    pub(crate) fn len(&self) -> usize {
        let state = lock(&self.state);
        state.queue.len() + state.streams.len()
    }

    fn start(&self, mut state: MutexGuard<'_, State>) {
        if state.may_go() && (!state.running || state.flushing) {
            state.running = true;
            drop(state);
            self.wake.notify_one();
        }
    }

    /// Publishes nothing for a moment, until [`release`](Self::release) or until `enough` messages wait: the tasks that are
    /// woken meanwhile may all have something to add.
    pub(crate) fn hold(&self, enough: usize) {
        let mut state = lock(&self.state);
        (state.held, state.enough) = (true, enough);
    }

    pub(crate) fn release(&self, way: &Way<'_>) {
        let mut state = lock(&self.state);
        state.held = false;
        state.gathered = !state.queue.is_empty();
        if state.gathered && !state.running {
            let mut queue = mem::take(&mut state.queue);
            self.publish_now(state, way, &mut queue);
        } else if state.gathered || !state.streams.is_empty() {
            self.start(state);
        }
    }

    /// Lets `run` end once everything queued so far is published.
    pub(crate) fn close(&self) {
        let mut state = lock(&self.state);
        (state.closed, state.held) = (true, false);
        drop(state);
        self.wake.notify_one();
    }

    /// Publishes until closed.
    pub(crate) async fn run(&self, way: &Way<'_>) {
        let mut turn = Turn::default();
        loop {
            self.wake.notified().await;
            loop {
                if !self.has_gathered() {
                    tokio::task::yield_now().await;
                }
                if !self.collect(&mut turn) {
                    if turn.last {
                        return;
                    }
                    break;
                }
                turn.publish_queue(way).await;
                for mut message in turn.streams.drain(..) {
                    let len = message.frame_len();
                    alone(&mut message, way.inbox);
                    way.link.publish(message).await;
                    lock(&self.state).backlog.add(len, || way.link.flushed());
                }
                way.link.send();
                self.wait_for_room(way, &mut turn).await;
            }
        }
    }

    fn has_gathered(&self) -> bool {
        mem::take(&mut lock(&self.state).gathered)
    }

    /// Takes what is published next. `false`: there is nothing.
    fn collect(&self, turn: &mut Turn) -> bool {
        let mut guard = lock(&self.state);
        let state = &mut *guard;
        state.publishing = false;
        if !state.may_go() {
            state.running = false;
            return false;
        }
        mem::swap(&mut state.queue, &mut turn.queue);
        let mut taken = 0;
        while taken < TURN
            && let Some(message) = state.streams.pop_front()
        {
            taken += message.frame_len();
            turn.streams.push(message);
        }
        state.bytes -= taken;
        let waiting = state.take_waiting();
        let something = !turn.queue.is_empty() || !turn.streams.is_empty();
        state.running = something;
        state.publishing = something;
        turn.last = state.closed;
        drop(guard);
        waiting.into_iter().for_each(Waker::wake);
        something
    }

    /// Waits until more of streams may be published; what is not of a stream still overtakes.
    async fn wait_for_room(&self, way: &Way<'_>, turn: &mut Turn) {
        loop {
            {
                let mut state = lock(&self.state);
                state.flushing = !state.backlog.has_room();
                if !state.flushing {
                    return;
                }
            }
            tokio::select! {
                biased;
                () = poll_fn(|cx| lock(&self.state).backlog.poll_room(cx)) => {}
                () = self.wake.notified() => {
                    mem::swap(&mut lock(&self.state).queue, &mut turn.queue);
                    turn.publish_queue(way).await;
                    way.link.send();
                }
            }
        }
    }
}

impl State {
    /// Publishes all frames of streams, unless something else is before them. `false`: some are left.
    fn publish_streams(&mut self, way: &Way<'_>) -> bool {
        if self.publishing || !self.queue.is_empty() {
            return false;
        }
        while self.backlog.has_room() {
            let Some(mut message) = self.streams.pop_front() else { return true };
            let len = message.frame_len();
            alone(&mut message, way.inbox);
            if let Err(refused) = way.link.try_publish(message) {
                self.streams.push_front(refused);
                return false;
            }
            self.bytes -= len;
            self.backlog.add(len, || way.link.flushed());
        }
        self.streams.is_empty()
    }

    /// Who has to be told that there is room again.
    fn take_waiting(&mut self) -> Vec<Waker> {
        if self.bytes < FULL { mem::take(&mut self.waiting) } else { Vec::new() }
    }

    /// Whether something can be published now.
    fn may_go(&self) -> bool {
        !self.held || self.queue.len() >= self.enough
    }
}

/// What is published at once.
#[derive(Default)]
struct Turn {
    queue: Vec<Outgoing>,
    streams: Vec<Outgoing>,
    /// Nothing comes after it.
    last: bool,
}

impl Turn {
    /// Publishes what is not of a stream.
    async fn publish_queue(&mut self, way: &Way<'_>) {
        coalesce(&mut self.queue, way.inbox);
        for message in self.queue.drain(..) {
            way.link.publish(message).await;
        }
    }
}
