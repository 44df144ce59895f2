use std::sync::atomic::{AtomicU64, Ordering};

use super::Priority;

/// What an [`OverloadLayer`](super::OverloadLayer) has to do, and what it has turned away since it was made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct OverloadStats {
    /// How many calls may run at once.
    pub limit: usize,
    /// How many run. With `limit` it says how busy the service is: a good signal to scale by.
    pub running: usize,
    /// How many wait for a place.
    pub queued: usize,
    /// Calls that were turned away because of overload, by their priority.
    pub rejected: Rejected,
    /// Calls whose time was over before they were handled.
    pub expired: u64,
    /// Calls that were given up by their callers before they were handled.
    pub cancelled: u64,
}

impl OverloadStats {
    /// Of both.
    pub(super) fn plus(self, other: Self) -> Self {
        Self {
            limit: self.limit + other.limit,
            running: self.running + other.running,
            queued: self.queued + other.queued,
            rejected: self.rejected.plus(other.rejected),
            expired: self.expired + other.expired,
            cancelled: self.cancelled + other.cancelled,
        }
    }
}

/// How many calls of each priority were turned away.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rejected {
    /// Of [`Priority::Critical`].
    pub critical: u64,
    /// Of [`Priority::Default`].
    pub default: u64,
    /// Of [`Priority::Sheddable`].
    pub sheddable: u64,
    /// Of [`Priority::Background`].
    pub background: u64,
}

impl Rejected {
    /// Of all priorities.
    #[must_use]
    pub fn total(self) -> u64 {
        self.critical + self.default + self.sheddable + self.background
    }

    fn plus(self, other: Self) -> Self {
        Self {
            critical: self.critical + other.critical,
            default: self.default + other.default,
            sheddable: self.sheddable + other.sheddable,
            background: self.background + other.background,
        }
    }
}

/// Counts what is turned away.
#[derive(Debug, Default)]
pub(super) struct Counters {
    rejected: [AtomicU64; 4],
    expired: AtomicU64,
    cancelled: AtomicU64,
}

impl Counters {
    pub(super) fn reject(&self, priority: Priority) {
        self.rejected[priority as usize].fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn expire(&self) {
        self.expired.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn cancel(&self) {
        self.cancelled.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn read(&self) -> OverloadStats {
        let rejected = |priority: Priority| self.rejected[priority as usize].load(Ordering::Relaxed);
        OverloadStats {
            rejected: Rejected {
                critical: rejected(Priority::Critical),
                default: rejected(Priority::Default),
                sheddable: rejected(Priority::Sheddable),
                background: rejected(Priority::Background),
            },
            expired: self.expired.load(Ordering::Relaxed),
            cancelled: self.cancelled.load(Ordering::Relaxed),
            ..OverloadStats::default()
        }
    }
}
