use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::future::ready;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;

use super::{Store, StoreFuture, Stored};

const TTL: Duration = Duration::from_secs(600);
const MAX_ENTRIES: usize = 10_000;
const MAX_BYTES: usize = 16 << 20;
const MAX_VALUE: usize = 256 << 10;

/// Remembers calls in this process: right for a service with a single instance, and for tests. Where there are several,
/// a repeat lands on another one, which knows nothing of the first; see `KvStore`.
///
/// What is over its time is removed when something is written, so that it needs no task. When there is too much, what was
/// written first is forgotten first.
pub struct MemoryStore {
    ttl: Duration,
    max_entries: usize,
    max_bytes: usize,
    max_value: usize,
    entries: Mutex<Entries>,
}

#[derive(Default)]
struct Entries {
    by_key: HashMap<Arc<str>, Entry>,
    /// Revisions grow, so this is also the order of their ends.
    by_revision: BTreeMap<u64, Arc<str>>,
    last_revision: u64,
    bytes: usize,
}

struct Entry {
    value: Bytes,
    revision: u64,
    /// `None`: never.
    forgotten_at: Option<Instant>,
}

impl MemoryStore {
    /// A store for 10,000 calls and 16 MiB.
    #[must_use]
    pub fn new() -> Self {
        Self {
            ttl: TTL,
            max_entries: MAX_ENTRIES,
            max_bytes: MAX_BYTES,
            max_value: MAX_VALUE,
            entries: Mutex::default(),
        }
    }

    /// Sets how long a call is remembered. Default: 10 minutes.
    #[must_use]
    pub fn with_ttl(mut self, ttl: Duration) -> Self {
        self.ttl = ttl;
        self
    }

    /// Sets how many calls are remembered. Default: 10,000.
    #[must_use]
    pub fn with_max_entries(mut self, entries: usize) -> Self {
        self.max_entries = entries;
        self
    }

    /// Sets how many bytes are remembered, those of keys with them (about 100 each). Default: 16 MiB.
    #[must_use]
    pub fn with_max_bytes(mut self, bytes: usize) -> Self {
        self.max_bytes = bytes;
        self
    }

    /// Sets how large the result of one call may be, in bytes. Default: 256 KiB.
    #[must_use]
    pub fn with_max_value(mut self, bytes: usize) -> Self {
        self.max_value = bytes;
        self
    }

    fn entries(&self) -> MutexGuard<'_, Entries> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes, if the revision that is there now is this one.
    fn write(&self, key: &str, value: Bytes, expected: Option<u64>) -> Option<u64> {
        let now = Instant::now();
        let mut entries = self.entries();
        entries.forget_old(now);
        if entries.by_key.get(key).map(|entry| entry.revision) != expected {
            return None;
        }
        entries.remove(key);
        let revision = entries.insert(key, value, now.checked_add(self.ttl));
        while entries.by_key.len() > self.max_entries || entries.bytes > self.max_bytes {
            entries.forget_first();
        }
        Some(revision)
    }
}

impl Entries {
    fn insert(&mut self, key: &str, value: Bytes, forgotten_at: Option<Instant>) -> u64 {
        self.last_revision += 1;
        let (key, revision): (Arc<str>, _) = (key.into(), self.last_revision);
        self.bytes += key.len() + value.len();
        self.by_revision.insert(revision, Arc::clone(&key));
        self.by_key.insert(key, Entry { value, revision, forgotten_at });
        revision
    }

    fn remove(&mut self, key: &str) {
        if let Some(entry) = self.by_key.remove(key) {
            self.bytes -= key.len() + entry.value.len();
            self.by_revision.remove(&entry.revision);
        }
    }

    fn forget_first(&mut self) {
        if let Some(key) = self.by_revision.values().next().cloned() {
            self.remove(&key);
        }
    }

    fn forget_old(&mut self, now: Instant) {
        let is_old = |entry: &Entry| entry.forgotten_at.is_some_and(|at| at <= now);
        while self.by_revision.values().next().is_some_and(|key| self.by_key.get(key).is_some_and(is_old)) {
            self.forget_first();
        }
    }
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

impl Store for MemoryStore {
    fn create<'a>(&'a self, key: &'a str, value: Bytes) -> StoreFuture<'a, Option<u64>> {
        Box::pin(ready(Ok(self.write(key, value, None))))
    }

    fn read<'a>(&'a self, key: &'a str) -> StoreFuture<'a, Option<Stored>> {
        let mut entries = self.entries();
        entries.forget_old(Instant::now());
        let stored = |entry: &Entry| Stored { value: entry.value.clone(), revision: entry.revision };
        Box::pin(ready(Ok(entries.by_key.get(key).map(stored))))
    }

    fn replace<'a>(&'a self, key: &'a str, value: Bytes, revision: u64) -> StoreFuture<'a, Option<u64>> {
        Box::pin(ready(Ok(self.write(key, value, Some(revision)))))
    }

    fn remove<'a>(&'a self, key: &'a str, revision: u64) -> StoreFuture<'a, bool> {
        let mut entries = self.entries();
        let is_there = entries.by_key.get(key).is_some_and(|entry| entry.revision == revision);
        if is_there {
            entries.remove(key);
        }
        Box::pin(ready(Ok(is_there)))
    }

    fn max_value(&self) -> usize {
        self.max_value.min(self.max_bytes)
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let entries = self.entries();
        f.debug_struct("MemoryStore")
            .field("entries", &entries.by_key.len())
            .field("bytes", &entries.bytes)
            .finish_non_exhaustive()
    }
}
