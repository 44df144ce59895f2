use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// What a connection lets all its peers together send before anybody has read it: a broker cuts a connection for
/// which 64 MB wait. Half of it is for the first windows of streams, half for the growth of those that are read.
const HALF: u64 = 16 * 1024 * 1024;
/// A first window is as large as the number of streams allows, within these bounds, in bytes.
const SMALLEST_WINDOW: u64 = 1024;
const LARGEST_FIRST_WINDOW: u64 = 16 * 1024;
/// What messages in chunks may take while they are put together, all of a connection.
const ASSEMBLY: u64 = 64 * 1024 * 1024;

/// How much of its streams a connection has promised to take in.
pub(super) struct Promises {
    max_streams: usize,
    streams: AtomicUsize,
    grown: AtomicU64,
    assembling: AtomicU64,
}

/// A stream's part, given back when dropped.
pub(super) struct Share {
    promises: Arc<Promises>,
    grown: u64,
    assembling: u64,
}

impl Promises {
    pub(super) fn new(max_streams: usize) -> Self {
        Self {
            max_streams,
            streams: AtomicUsize::new(0),
            grown: AtomicU64::new(0),
            assembling: AtomicU64::new(0),
        }
    }

    /// How many streams there are.
    pub(super) fn streams(&self) -> usize {
        self.streams.load(Ordering::Relaxed)
    }

    pub(super) fn max_streams(&self) -> usize {
        self.max_streams
    }

    /// What each stream may send at first.
    pub(super) fn first_window(&self) -> u64 {
        (HALF / self.max_streams.max(1) as u64).clamp(SMALLEST_WINDOW, LARGEST_FIRST_WINDOW)
    }

    /// For another stream. `None`: there are as many as there may be.
    pub(super) fn open(self: &Arc<Self>) -> Option<Share> {
        let more = |streams| (streams < self.max_streams).then_some(streams + 1);
        self.streams.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).ok()?;
        Some(Share { promises: Arc::clone(self), grown: 0, assembling: 0 })
    }
}

impl Share {
    /// Lets the window grow by so much, if there is room.
    pub(super) fn grow(&mut self, by: u64) -> bool {
        let more = |grown| (grown + by <= HALF).then_some(grown + by);
        let grown = self.promises.grown.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).is_ok();
        if grown {
            self.grown += by;
        }
        grown
    }

    /// Makes room for a message in chunks. A single one always has it.
    pub(super) fn assemble(&mut self, length: u64) -> bool {
        let more =
            |used: u64| (used == 0 || used.saturating_add(length) <= ASSEMBLY).then_some(used + length);
        let has_room =
            self.promises.assembling.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).is_ok();
        if has_room {
            self.assembling += length;
        }
        has_room
    }

    /// The reader has a message of this length.
    pub(super) fn assembled(&mut self, length: u64) {
        self.assembling -= length;
        self.promises.assembling.fetch_sub(length, Ordering::Relaxed);
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.promises.streams.fetch_sub(1, Ordering::Relaxed);
        self.promises.grown.fetch_sub(self.grown, Ordering::Relaxed);
        self.promises.assembling.fetch_sub(self.assembling, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{ASSEMBLY, HALF, Promises};

    #[test]
    fn windows_are_as_large_as_the_number_of_streams_allows() {
        for (streams, window) in [(1, 16 * 1024), (1_000, 16 * 1024), (10_000, 1_677), (1_000_000, 1024)] {
            assert_eq!(Promises::new(streams).first_window(), window, "{streams}");
        }
    }

    #[test]
    fn what_was_taken_is_given_back() {
        let promises = Arc::new(Promises::new(2));
        let (mut one, mut other) = (promises.open().unwrap(), promises.open().unwrap());
        assert!(promises.open().is_none());
        assert!(one.grow(HALF) && !other.grow(1));
        assert!(one.assemble(ASSEMBLY) && !other.assemble(1));
        one.assembled(ASSEMBLY);
        assert!(other.assemble(ASSEMBLY * 4), "a single one, however long");
        assert!(!one.assemble(1));
        drop((one, other));
        let mut next = promises.open().unwrap();
        assert!(next.grow(HALF) && next.assemble(ASSEMBLY));
        assert_eq!(promises.streams(), 1);
    }
}
