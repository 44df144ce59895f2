use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// An overload is over when no call was turned away for so long.
const QUIET: Duration = Duration::from_secs(1);

/// Says once when calls begin to be turned away, and once when no more are.
#[derive(Debug, Default)]
pub(super) struct Episodes {
    /// Whether there is one: the only thing to be read when there is none.
    lasts: AtomicBool,
    current: Mutex<Option<Episode>>,
}

#[derive(Debug)]
struct Episode {
    began: Instant,
    last: Instant,
    rejected: u64,
}

impl Episodes {
    /// A call was turned away.
    pub(super) fn rejected(&self, now: Instant, (limit, queued): (u32, usize)) {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        let episode = current.get_or_insert(Episode { began: now, last: now, rejected: 0 });
        episode.last = now;
        episode.rejected += 1;
        let begins = episode.rejected == 1;
        drop(current);
        if begins {
            self.lasts.store(true, Ordering::Relaxed);
            tracing::warn!(limit, queued, "overloaded: calls are turned away");
        }
    }

    /// Whether it has to be looked whether an overload is over.
    pub(super) fn last(&self) -> bool {
        self.lasts.load(Ordering::Relaxed)
    }

    /// A call comes. There is no task that would see an overload end where none does.
    pub(super) fn look(&self, now: Instant) {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(over) = current.take_if(|episode| now.saturating_duration_since(episode.last) >= QUIET)
        else {
            return;
        };
        self.lasts.store(false, Ordering::Relaxed);
        drop(current);
        let lasted = over.last.saturating_duration_since(over.began);
        tracing::info!(?lasted, rejected = over.rejected, "no longer overloaded");
    }
}
