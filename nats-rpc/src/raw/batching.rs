use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::Instant;

use crate::transport::Epoch;
use crate::wire::MAX_BATCH_CALLS;

/// An instance that takes none is asked again so much later: it may have been replaced.
const OFF_FOR: Duration = Duration::from_secs(60);
/// So long a whole BATCH may keep its instance busy, while others of the group may have nothing to do.
const LONGEST_BATCH_US: u32 = 400;
/// Calls that take longer go to whichever instance is next, each for itself.
const LONGEST_CALL_US: u32 = 50;
/// So many methods of a service are known.
const METHODS: usize = 64;
/// An average over so many calls.
const CALLS: u32 = 16;

/// Whether calls of a service may share a NATS message, which goes to one instance whatever else that has to do.
pub(super) struct Batching {
    /// The connection on which the service has shown that it takes BATCH.
    shown_on: AtomicU64,
    start: Instant,
    /// Until when it is not tried again, in microseconds since the start.
    off_until: AtomicU64,
    /// How long handlers take: a method's hash above, microseconds plus one below. Whoever comes first takes a place,
    /// methods beyond that are not batched.
    methods: [AtomicU64; METHODS],
}

impl Batching {
    pub(super) fn new() -> Self {
        Self {
            shown_on: AtomicU64::new(0),
            start: Instant::now(),
            off_until: AtomicU64::new(0),
            methods: [const { AtomicU64::new(0) }; METHODS],
        }
    }

    pub(super) fn shown_on(&self, epoch: &Epoch) {
        self.shown_on.store(epoch.name(), Ordering::Relaxed);
    }

    /// An instance takes none.
    pub(super) fn refused(&self, now: Instant) {
        self.off_until.store(self.micros(now + OFF_FOR), Ordering::Relaxed);
    }

    /// How many calls of a method may go together. `None`: the service takes no BATCH, not even of one.
    pub(super) fn most(&self, epoch: &Epoch, method: u32, now: Instant) -> Option<u8> {
        if self.shown_on.load(Ordering::Relaxed) != epoch.name()
            || self.micros(now) < self.off_until.load(Ordering::Relaxed)
        {
            return None;
        }
        Some(match self.place(method).map(|place| took(place.load(Ordering::Relaxed))) {
            Some(Some(us)) if us <= LONGEST_CALL_US => {
                u8::try_from(LONGEST_BATCH_US / us.max(1)).unwrap_or(u8::MAX).min(MAX_BATCH_CALLS as u8)
            }
            _ => 1,
        })
    }

    /// A call of a method took its handler so long. Of two at the same time one may get lost, which does no harm.
    pub(super) fn record(&self, method: u32, busy: Duration) {
        let Some(place) = self.place(method) else { return };
        let busy = u32::try_from(busy.as_micros()).unwrap_or(u32::MAX / 2).min(u32::MAX / 2);
        let average = match took(place.load(Ordering::Relaxed)) {
            None => busy,
            Some(before) if busy > before => before + (busy - before).div_ceil(CALLS),
            Some(before) => before - (before - busy).div_ceil(CALLS),
        };
        place.store(u64::from(method) << 32 | u64::from(average + 1), Ordering::Relaxed);
    }

    /// The place of a method, which is taken if need be.
    fn place(&self, method: u32) -> Option<&AtomicU64> {
        let first = method as usize;
        (0..METHODS).map(|step| &self.methods[(first + step) % METHODS]).find(|place| {
            let is = |value: u64| (value >> 32) as u32 == method && value != 0;
            let value = place.load(Ordering::Relaxed);
            let taken = u64::from(method) << 32;
            is(value)
                || value == 0
                    && taken != 0
                    && place
                        .compare_exchange(0, taken, Ordering::Relaxed, Ordering::Relaxed)
                        .map_or_else(is, |_| true)
        })
    }

    fn micros(&self, at: Instant) -> u64 {
        u64::try_from(at.saturating_duration_since(self.start).as_micros()).unwrap_or(u64::MAX)
    }
}

/// What a place says, if anything yet.
fn took(value: u64) -> Option<u32> {
    (value as u32).checked_sub(1)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::{Instant, advance};

    use super::{Batching, METHODS};
    use crate::transport::memory::Broker;

    /// Towards a service that takes BATCH.
    async fn world() -> (Batching, impl Fn(&Batching, u32) -> Option<u8>) {
        let epoch = Broker::new().connect().await.unwrap().epoch().unwrap();
        let batching = Batching::new();
        assert_eq!(batching.most(&epoch, 1, Instant::now()), None, "it has shown nothing");
        batching.shown_on(&epoch);
        (batching, move |batching, method| batching.most(&epoch, method, Instant::now()))
    }

    #[tokio::test(start_paused = true)]
    async fn the_longer_calls_take_the_fewer_go_together() {
        let (batching, most) = world().await;
        assert_eq!(most(&batching, 1), Some(1), "nothing is known");
        for (busy, expected) in [(0, 16), (25, 16), (26, 15), (40, 10), (50, 8), (51, 1), (1_000_000, 1)] {
            (0..500).for_each(|_| batching.record(1, Duration::from_micros(busy)));
            assert_eq!(most(&batching, 1), Some(expected), "{busy}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn one_that_was_held_up_is_soon_forgotten() {
        let (batching, most) = world().await;
        (0..100).for_each(|_| batching.record(1, Duration::from_micros(2)));
        batching.record(1, Duration::from_millis(3));
        assert_eq!(most(&batching, 1), Some(1));
        (0..40).for_each(|_| batching.record(1, Duration::from_micros(2)));
        assert!(most(&batching, 1) > Some(1));
    }

    #[tokio::test(start_paused = true)]
    async fn each_method_is_known_by_itself_as_long_as_there_is_room() {
        let (batching, most) = world().await;
        let methods = 0..2 * METHODS as u32;
        for method in methods.clone() {
            // Many of them begin to look at the same place.
            let busy = if method % 2 == 0 { 1 } else { 1_000 };
            batching.record(method << 6 | 7, Duration::from_micros(busy));
        }
        let known: Vec<_> = methods.map(|method| most(&batching, method << 6 | 7)).collect();
        for (method, most) in known.iter().enumerate() {
            let expected = if method % 2 == 0 && method < METHODS { 16 } else { 1 };
            assert_eq!(*most, Some(expected), "{method}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_takes_none_is_asked_again_after_a_minute() {
        let (batching, most) = world().await;
        batching.record(1, Duration::ZERO);
        batching.refused(Instant::now());
        advance(Duration::from_secs(59)).await;
        assert_eq!(most(&batching, 1), None);
        advance(Duration::from_secs(2)).await;
        assert_eq!(most(&batching, 1), Some(16));
    }
}
