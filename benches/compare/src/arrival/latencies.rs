use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use hdrhistogram::Histogram;

use crate::Error;

/// The longest that is told apart, in nanoseconds.
const HIGHEST: u64 = 60_000_000_000;

/// How long calls took that ended well, and how many failed.
pub(super) struct Latencies {
    took_ns: Mutex<Histogram<u64>>,
    errors: AtomicU64,
}

impl Latencies {
    pub(super) fn new() -> Result<Self, Error> {
        let took_ns = Histogram::new_with_max(HIGHEST, 3)?;
        Ok(Self { took_ns: Mutex::new(took_ns), errors: AtomicU64::new(0) })
    }

    pub(super) fn add(&self, took: Duration) {
        let took = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        self.took_ns.lock().expect("nothing in here panics").saturating_record(took);
    }

    /// The first one is told.
    pub(super) fn add_error(&self, error: &Error) {
        if self.errors.fetch_add(1, Relaxed) == 0 {
            eprintln!("a call failed: {error}");
        }
    }

    pub(super) fn calls(&self) -> u64 {
        self.took_ns.lock().expect("nothing in here panics").len()
    }

    pub(super) fn errors(&self) -> u64 {
        self.errors.load(Relaxed)
    }

    pub(super) fn quantile_us(&self, share: f64) -> f64 {
        self.took_ns.lock().expect("nothing in here panics").value_at_quantile(share) as f64 / 1e3
    }
}
