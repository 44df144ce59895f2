use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use super::queue::Queue;
use crate::transport::lock;

/// The subscriptions of a connection, by their numbers.
#[derive(Default)]
pub(super) struct Queues(Mutex<State>);

#[derive(Default)]
struct State {
    queues: HashMap<u64, Arc<Queue>>,
    last: u64,
    ended: bool,
}

impl Queues {
    pub(super) fn add(&self, queue: Option<Arc<Queue>>) -> Option<u64> {
        let mut state = lock(&self.0);
        if state.ended {
            return None;
        }
        state.last += 1;
        let sid = state.last;
        queue.and_then(|queue| state.queues.insert(sid, queue));
        Some(sid)
    }

    pub(super) fn get(&self, sid: u64) -> Option<Arc<Queue>> {
        lock(&self.0).queues.get(&sid).cloned()
    }

    pub(super) fn remove(&self, sid: u64) -> Option<Arc<Queue>> {
        lock(&self.0).queues.remove(&sid)
    }

    pub(super) fn end(&self) {
        let mut state = lock(&self.0);
        state.ended = true;
        let queues = std::mem::take(&mut state.queues);
        drop(state);
        queues.values().for_each(|queue| queue.end());
    }
}
