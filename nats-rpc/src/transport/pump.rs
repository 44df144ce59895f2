use std::mem;
use std::sync::{Mutex, MutexGuard};

use tokio::sync::Notify;

use super::link::Link;
use super::{Outgoing, lock};

/// Collects what ready tasks want to publish and publishes the lot.
///
/// A NATS client that is handed one message at a time soon writes one at a time, and the broker pays for each
/// write. Yielding once before collecting lets every task that is ready add its message to the same write.
/// Everything of a connection goes through its pump, so the order of publishing is kept.
#[derive(Default)]
pub(crate) struct Pump {
    state: Mutex<State>,
    wake: Notify,
}

#[derive(Default)]
struct State {
    queue: Vec<Outgoing>,
    /// The pump's task has been woken and has not yet found the queue empty.
    running: bool,
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
    pub(crate) fn push_direct(&self, link: &Link, message: Outgoing) {
        let mut state = lock(&self.state);
        if !state.running {
            let Err(refused) = link.try_publish(message) else { return };
            state.queue.push(refused);
        } else {
            state.queue.push(message);
        }
        self.start(state);
    }

    /// Publishes what a task has collected itself, at once when nothing is before it.
    pub(crate) fn push_collected(&self, link: &Link, messages: &mut Vec<Outgoing>) {
        let mut state = lock(&self.state);
        let mut rest = messages.drain(..);
        if !state.running {
            let refused = rest.find_map(|message| link.try_publish(message).err());
            state.queue.extend(refused);
        }
        state.queue.extend(rest);
        if !state.queue.is_empty() {
            self.start(state);
        }
    }

    /// How many messages wait.
    pub(crate) fn len(&self) -> usize {
        lock(&self.state).queue.len()
    }

    fn start(&self, mut state: MutexGuard<'_, State>) {
        if !state.running {
            state.running = true;
            drop(state);
            self.wake.notify_one();
        }
    }

    /// Lets `run` end once everything queued so far is published.
    pub(crate) fn close(&self) {
        lock(&self.state).closed = true;
        self.wake.notify_one();
    }

    /// Publishes until closed.
    pub(crate) async fn run(&self, link: &Link) {
        let mut batch = Vec::new();
        loop {
            self.wake.notified().await;
            loop {
                tokio::task::yield_now().await;
                {
                    let mut state = lock(&self.state);
                    mem::swap(&mut state.queue, &mut batch);
                    if batch.is_empty() {
                        state.running = false;
                        if state.closed {
                            return;
                        }
                        break;
                    }
                }
                for message in batch.drain(..) {
                    link.publish(message).await;
                }
            }
        }
    }
}
