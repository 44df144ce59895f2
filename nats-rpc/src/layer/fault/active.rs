use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// How many faults are being injected at the moment.
#[derive(Debug, Clone, Default)]
pub(super) struct Active(Arc<AtomicUsize>);

impl Active {
    /// Counts one more, unless there are `most` already.
    pub(super) fn enter(&self, most: usize) -> Option<Entered> {
        let more = |now: usize| (now < most).then_some(now + 1);
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).ok()?;
        Some(Entered(self.clone()))
    }
}

/// One that is counted as long as this lives.
#[derive(Debug)]
pub(super) struct Entered(Active);

impl Drop for Entered {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::Relaxed);
    }
}
