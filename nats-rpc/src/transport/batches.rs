use std::sync::atomic::{AtomicU64, Ordering};

use super::slab::Slab;

/// The calls of each BATCH, until one of them is answered or all are over: what is said of the whole is said of each.
pub(super) struct Batches {
    batches: Slab<Batch>,
    /// The last that was answered: its calls are mostly answered together.
    answered: AtomicU64,
}

struct Batch {
    calls: Vec<u64>,
    /// How many of them are not over.
    left: usize,
}

impl Batches {
    pub(super) fn new() -> Self {
        Self { batches: Slab::new(), answered: AtomicU64::new(0) }
    }

    /// Takes a token for a batch of these calls, each of which `joins` unless it is over.
    pub(super) fn open(&self, calls: Vec<u64>, mut joins: impl FnMut(u64, u64) -> bool) -> u64 {
        let left = calls.len();
        let token = self.batches.open(Batch { calls: calls.clone(), left });
        let token = token.expect("there are fewer batches than calls, which have as many places");
        calls.into_iter().filter(|call| !joins(*call, token)).for_each(|_| self.leave(token));
        token
    }

    /// One of its calls is over without an answer.
    pub(super) fn leave(&self, token: u64) {
        let left = self.batches.with(token, |batch| {
            batch.left -= 1;
            batch.left
        });
        if left == Some(0) {
            self.batches.close(token);
        }
    }

    /// One of its calls is answered, so an instance has taken it: nothing more is said of the whole.
    pub(super) fn answered(&self, token: u64) {
        if self.answered.swap(token, Ordering::Relaxed) != token {
            self.batches.close(token);
        }
    }

    /// Its calls, those that are over included.
    pub(super) fn calls(&self, token: u64) -> Option<Vec<u64>> {
        self.batches.with(token, |batch| batch.calls.clone())
    }

    #[cfg(test)]
    pub(super) fn live(&self) -> usize {
        self.batches.live()
    }
}
