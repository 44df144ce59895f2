use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::ejection::{Admitted, Place, Verdict};
use crate::spec::Kind;
use crate::status::Status;
use crate::wire;

/// Longest text of an error that is kept, in bytes.
const MAX_ERROR: usize = 512;

/// What is counted of a method since its server started. Counting is a few relaxed additions; only errors lock.
pub(super) struct MethodStats {
    kind: Kind,
    place: Arc<Place>,
    requests: AtomicU64,
    errors: AtomicU64,
    busy_ns: AtomicU64,
    last_error: Mutex<String>,
}

/// The counts at one moment, each for itself: a call that ends meanwhile may be in some of them only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Snapshot {
    pub(super) requests: u64,
    pub(super) errors: u64,
    /// Nanoseconds from the arrival of a call to its outcome, over all calls.
    pub(super) busy_ns: u64,
    /// Such as `NOT_FOUND: no such quest`; empty when there was none.
    pub(super) last_error: String,
}

impl MethodStats {
    pub(super) fn new(kind: Kind, place: Arc<Place>) -> Self {
        let (requests, errors, busy_ns) = Default::default();
        Self { kind, place, requests, errors, busy_ns, last_error: Mutex::default() }
    }

    /// The place in the queue group that calls of the method come through.
    pub(super) fn place(&self) -> &Place {
        &self.place
    }

    /// Counts a call that its handler has ended, with an error or without, and what that says of the instance.
    pub(super) fn handled(
        &self,
        admitted: Admitted,
        error: Option<&Status>,
        (arrived, busy): (Instant, Duration),
    ) {
        self.record(error, busy);
        self.place.record(admitted, arrived + busy, Verdict::of(self.kind, error));
    }

    /// Counts a call that its caller has given up.
    pub(super) fn given_up(
        &self,
        admitted: Admitted,
        deadline: Option<Instant>,
        (arrived, busy): (Instant, Duration),
    ) {
        self.record(Some(&Status::cancelled("the caller gave up")), busy);
        let verdict = Verdict::of_given_up(self.kind, arrived, deadline, busy);
        self.place.record(admitted, arrived + busy, verdict);
    }

    /// Counts a call that has ended, with an error or without.
    pub(super) fn record(&self, error: Option<&Status>, busy: Duration) {
        self.requests.fetch_add(1, Ordering::Relaxed);
        let busy = u64::try_from(busy.as_nanos()).unwrap_or(u64::MAX);
        self.busy_ns.fetch_add(busy, Ordering::Relaxed);
        if let Some(status) = error {
            self.errors.fetch_add(1, Ordering::Relaxed);
            let mut text = status.to_string();
            text.truncate(wire::beginning(&text, MAX_ERROR).len());
            *self.last_error.lock().unwrap_or_else(PoisonError::into_inner) = text;
        }
    }

    pub(super) fn snapshot(&self) -> Snapshot {
        Snapshot {
            requests: self.requests.load(Ordering::Relaxed),
            errors: self.errors.load(Ordering::Relaxed),
            busy_ns: self.busy_ns.load(Ordering::Relaxed),
            last_error: self.last_error.lock().unwrap_or_else(PoisonError::into_inner).clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::MethodStats;
    use crate::server::discovery::testing::{idle, place};
    use crate::spec::Kind;
    use crate::status::Status;

    #[test]
    fn calls_errors_and_time_add_up() {
        let stats = MethodStats::new(Kind::Unary, place(&idle()));
        stats.record(None, Duration::from_nanos(5));
        stats.record(Some(&Status::not_found("no such quest")), Duration::from_nanos(7));
        let now = stats.snapshot();
        assert_eq!((now.requests, now.errors, now.busy_ns), (2, 1, 12));
        assert_eq!(now.last_error, "NOT_FOUND: no such quest");
    }

    #[test]
    fn a_long_error_is_cut_between_characters() {
        let stats = MethodStats::new(Kind::Unary, place(&idle()));
        stats.record(Some(&Status::internal("ü".repeat(1000))), Duration::ZERO);
        let text = stats.snapshot().last_error;
        assert!((509..=512).contains(&text.len()), "{}", text.len());
    }
}
