use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::instance::Instance;
use super::running::Running;

/// The calls of a server, whatever connection they came by.
#[derive(Clone)]
pub(super) struct Calls {
    /// Those that are running.
    pub(super) tracker: TaskTracker,
    /// Ends those that outlive the grace time.
    pub(super) abort: CancellationToken,
    /// Those that their callers may stop.
    pub(super) running: Arc<Running>,
    ignored: Arc<AtomicU64>,
}

impl Calls {
    pub(super) fn new(instance: Instance, keep_alive: Duration) -> Self {
        Self {
            tracker: TaskTracker::new(),
            abort: CancellationToken::new(),
            running: Arc::new(Running::new(instance, keep_alive)),
            ignored: Arc::default(),
        }
    }

    /// A message came that nobody awaits an answer to.
    pub(super) fn ignore(&self) {
        self.ignored.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn stats(&self) -> Stats {
        Stats {
            running: self.tracker.len(),
            accepted: self.running.accepted(),
            ignored: self.ignored.load(Ordering::Relaxed),
        }
    }
}

/// What a server is busy with at the moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Calls whose handlers were not ready at once and still run.
    pub running: usize,
    /// How many of them have been reported to their callers, because they take long.
    pub accepted: usize,
    /// Messages to the server's methods that nobody awaits an answer to, since the server was started.
    pub ignored: u64,
}
