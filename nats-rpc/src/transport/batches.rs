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

#[cfg(test)]
mod tests {
    use super::Batches;

    #[test]
    fn a_batch_goes_with_the_last_of_its_calls() {
        let batches = Batches::new();
        let batch = batches.open(vec![1, 2, 3], |_, _| true);
        assert_eq!(batches.calls(batch), Some(vec![1, 2, 3]));
        batches.leave(batch);
        batches.leave(batch);
        assert_eq!(batches.live(), 1);
        batches.leave(batch);
        assert_eq!((batches.live(), batches.calls(batch)), (0, None));
    }

    #[test]
    fn or_with_the_first_answer() {
        let batches = Batches::new();
        let (one, other) = (batches.open(vec![1, 2], |_, _| true), batches.open(vec![3, 4], |_, _| true));
        for batch in [one, one, other, one] {
            batches.answered(batch);
        }
        assert_eq!(batches.live(), 0);
        // Nobody is left to be told twice.
        batches.leave(one);
        assert_eq!(batches.live(), 0);
    }

    #[test]
    fn calls_that_are_over_do_not_keep_it() {
        let batches = Batches::new();
        let batch = batches.open(vec![1, 2, 3], |call, _| call == 2);
        assert_eq!(batches.live(), 1);
        batches.leave(batch);
        assert_eq!(batches.live(), 0);
    }
}
