use std::sync::atomic::AtomicU64;
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::subject::Subject;
use crate::transport::{Epoch, Outgoing};
use crate::wire;

const PERIOD: Duration = Duration::from_millis(5);
/// Fillers in a period, at least, and at most.
const FEW: u64 = 32;
const MANY: u64 = 4096;
/// Filling should take about so many periods: 250 ms, the time whose load the marks are made for.
const PERIODS_TO_FILL: u64 = 50;

/// Sends messages that mean nothing to the methods, for as long as it is polled: a subscription that ends after so
/// many messages needs that many to come, and callers may have stopped. `missing` says how many that are.
pub(super) async fn fill(epoch: &Epoch, subjects: &[Subject], missing: impl Fn() -> u64) {
    let mut targets = subjects.iter().cycle();
    let mut ticks = tokio::time::interval(PERIOD);
    loop {
        ticks.tick().await;
        let fillers = (missing() / PERIODS_TO_FILL).clamp(FEW, MANY);
        let fillers = usize::try_from(fillers).unwrap_or_default();
        // Answers go the same way: on a busy machine they must not queue behind ever more fillers.
        if epoch.queued() >= fillers {
            continue;
        }
        for subject in targets.by_ref().take(fillers) {
            epoch.answer(Outgoing::new(subject.clone(), bytes::Bytes::from_static(&wire::NOOP)), false);
        }
    }
}

/// How the subscriptions of one connection end.
#[derive(Default)]
pub(super) struct Drain {
    /// They end once they have received what may still come.
    pub(super) begin: CancellationToken,
    /// Those that have not, end at once.
    pub(super) give_up: CancellationToken,
    /// How many messages it takes, over all of them.
    pub(super) missing: AtomicU64,
}

/// How many messages a subscription has received, and how fast.
pub(super) struct Seen {
    total: u64,
    start: Instant,
    /// Messages in each of the last periods of 250 ms, as a ring.
    periods: [u64; PERIODS],
    /// Fillers of instances that drain, in the same periods. They say nothing of the load, and those of one drain must
    /// not make the next one send more.
    fillers: [u64; PERIODS],
    current: u64,
}

/// 10 s and the running period.
const PERIODS: usize = 41;
const PERIOD_MS: u128 = 250;
/// What may come in besides.
const MARGIN: u64 = 16;

impl Seen {
    pub(super) fn new() -> Self {
        Self { total: 0, start: Instant::now(), periods: [0; PERIODS], fillers: [0; PERIODS], current: 0 }
    }

    pub(super) fn record(&mut self, now: Instant, filler: bool) {
        self.advance(now);
        self.total += 1;
        let kind = if filler { &mut self.fillers } else { &mut self.periods };
        kind[Self::place(self.current)] += 1;
    }

    pub(super) fn total(&self) -> u64 {
        self.total
    }

    /// After how many messages in all the subscription may end without losing one: what the NATS server has sent by
    /// the time it learns of the end is more than has been seen, by what comes within a round trip.
    pub(super) fn mark(&mut self, now: Instant) -> u64 {
        self.advance(now);
        let pairs = (0..PERIODS).map(|place| self.periods[place] + self.periods[(place + 1) % PERIODS]);
        let before = Self::place(self.current + PERIODS as u64 - 1);
        let fillers = self.fillers[before] + self.fillers[Self::place(self.current)];
        self.total + MARGIN + pairs.max().unwrap_or_default() + fillers
    }

    fn advance(&mut self, now: Instant) {
        let period = now.saturating_duration_since(self.start).as_millis() / PERIOD_MS;
        let period = u64::try_from(period).unwrap_or(u64::MAX);
        let passed = period.saturating_sub(self.current).min(PERIODS as u64);
        for skipped in 1..=passed {
            let place = Self::place(period - passed + skipped);
            (self.periods[place], self.fillers[place]) = (0, 0);
        }
        self.current = self.current.max(period);
    }

    fn place(period: u64) -> usize {
        usize::try_from(period % PERIODS as u64).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::Instant;

    use super::Seen;

    #[test]
    fn the_mark_is_past_what_may_still_come() {
        let mut seen = Seen::new();
        let start = Instant::now();
        assert_eq!(seen.mark(start), 16);
        for n in 0..100 {
            seen.record(start + Duration::from_millis(n * 10), false);
        }
        // 100 in one second: 50 in the two fullest neighbouring periods.
        assert_eq!(seen.mark(start + Duration::from_secs(1)), 100 + 16 + 50);
        assert_eq!(seen.mark(start + Duration::from_secs(9)), 166);
        assert_eq!(seen.mark(start + Duration::from_secs(20)), 116);
        seen.record(start + Duration::from_secs(4000), false);
        assert_eq!(seen.mark(start + Duration::from_secs(4000)), 101 + 16 + 1);
    }

    #[test]
    fn fillers_count_only_while_they_come() {
        let (mut seen, start) = (Seen::new(), Instant::now());
        for n in 0..100 {
            seen.record(start + Duration::from_millis(n), true);
        }
        assert_eq!(seen.mark(start + Duration::from_millis(300)), 100 + 16 + 100);
        assert_eq!(seen.mark(start + Duration::from_millis(600)), 100 + 16);
    }
}
