//! Calls that run in this process, each for all who made it.

use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::{Shared, WeakShared};

use super::identity::Identity;
use super::outcome::Outcome;

type Running = Pin<Box<dyn Future<Output = Outcome> + Send>>;

/// A call that runs for as long as anybody waits for it. It is polled by whoever waits; there is no task.
pub(super) type Flight = Shared<Running>;

/// All calls that run.
#[derive(Default)]
pub(super) struct Flights(Mutex<Entries>);

#[derive(Default)]
struct Entries {
    by_key: HashMap<String, Entry>,
    last_number: u64,
}

struct Entry {
    digest: Bytes,
    number: u64,
    flight: WeakShared<Running>,
}

/// How somebody got to a flight.
pub(super) enum Boarded {
    First(Flight),
    Joined(Flight),
    /// It is the same call with another request.
    Mismatch,
}

impl Flights {
    /// Joins the call if it runs, else starts it.
    pub(super) fn board<F: Future<Output = Outcome> + Send + 'static>(
        self: &Arc<Self>,
        identity: &Identity,
        start: impl FnOnce(Landing) -> F,
    ) -> Boarded {
        let mut entries = self.entries();
        // A flight that nobody waits for any more is about to be dropped.
        if let Some((entry, flight)) =
            entries.by_key.get(&identity.key).and_then(|entry| Some((entry, entry.flight.upgrade()?)))
        {
            let same = entry.digest == identity.digest;
            drop(entries);
            return if same { Boarded::Joined(flight) } else { Boarded::Mismatch };
        }
        entries.last_number += 1;
        let number = entries.last_number;
        let landing = Landing { flights: Arc::clone(self), key: identity.key.clone(), number };
        let running: Running = Box::pin(start(landing));
        let flight = running.shared();
        let weak = flight.downgrade().expect("it is held here, and has not been polled");
        entries
            .by_key
            .insert(identity.key.clone(), Entry { digest: identity.digest.clone(), number, flight: weak });
        Boarded::First(flight)
    }

    fn entries(&self) -> MutexGuard<'_, Entries> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes the call off the list when it has ended or was dropped.
pub(super) struct Landing {
    flights: Arc<Flights>,
    key: String,
    number: u64,
}

impl Drop for Landing {
    fn drop(&mut self) {
        let mut entries = self.flights.entries();
        if entries.by_key.get(&self.key).is_some_and(|entry| entry.number == self.number) {
            entries.by_key.remove(&self.key);
        }
    }
}

impl fmt::Debug for Flights {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Flights").field("running", &self.entries().by_key.len()).finish()
    }
}
