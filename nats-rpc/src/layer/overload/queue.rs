use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::Instant;

use super::Priority;
use super::pace::Pace;

/// How calls wait.
#[derive(Debug, Clone, Copy)]
pub(super) struct Discipline {
    /// How long a call may wait while the queue stands.
    pub(super) target: Duration,
    /// How long the queue may be in use before it is taken to stand; until then, how long a call may wait.
    pub(super) interval: Duration,
}

/// Calls that wait for a place: adaptive LIFO with controlled delay, as in
/// [Fail at Scale](https://queue.acm.org/detail.cfm?id=2839461).
///
/// A queue that empties now and then takes up bursts: first come, first served, and there is time. One that has not been
/// empty for an interval does not get shorter by waiting: then those who have just come are served, while their callers
/// are still there, and who has waited for longer than the target has to go. Critical calls go before all others.
#[derive(Debug)]
pub(super) struct Queue<W> {
    discipline: Discipline,
    critical: Line<W>,
    others: Line<W>,
    next: u64,
    /// Since when there has always been somebody.
    since: Option<Instant>,
    pace: Pace,
}

/// In the order in which they came.
type Line<W> = BTreeMap<u64, Waiting<W>>;

#[derive(Debug)]
struct Waiting<W> {
    came: Instant,
    deadline: Option<Instant>,
    waiter: W,
}

/// A place in the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Key {
    critical: bool,
    number: u64,
}

impl<W> Queue<W> {
    pub(super) fn new(discipline: Discipline) -> Self {
        Self {
            discipline,
            critical: Line::new(),
            others: Line::new(),
            next: 0,
            since: None,
            pace: Pace::default(),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.critical.len() + self.others.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether it has not been empty for an interval.
    fn stands(&self, now: Instant) -> bool {
        self.since.is_some_and(|since| now.saturating_duration_since(since) >= self.discipline.interval)
    }

    /// How long a call may wait.
    pub(super) fn patience(&self, now: Instant) -> Duration {
        if self.stands(now) { self.discipline.target } else { self.discipline.interval }
    }

    pub(super) fn push(&mut self, critical: bool, deadline: Option<Instant>, now: Instant, waiter: W) -> Key {
        let key = Key { critical, number: self.next };
        self.next += 1;
        self.since.get_or_insert(now);
        self.line(critical).insert(key.number, Waiting { came: now, deadline, waiter });
        key
    }

    /// Takes one out that waits no longer. `None`: its turn has come already, or it had to go.
    pub(super) fn remove(&mut self, key: Key) -> Option<W> {
        let removed = self.line(key.critical).remove(&key.number)?;
        self.note_emptiness();
        Some(removed.waiter)
    }

    /// Whose turn it is, of those for whom there is a place. Who was overtaken by its deadline is put to `overdue`.
    pub(super) fn pop(
        &mut self,
        now: Instant,
        overdue: &mut Vec<W>,
        is_free: impl Fn(Priority) -> bool,
    ) -> Option<W> {
        let newest_first = self.stands(now);
        for critical in [true, false] {
            let priority = if critical { Priority::Critical } else { Priority::Default };
            if !is_free(priority) {
                continue;
            }
            let line = self.line(critical);
            while let Some((_, next)) = if newest_first { line.pop_last() } else { line.pop_first() } {
                if next.deadline.is_none_or(|deadline| now < deadline) {
                    self.note_emptiness();
                    return Some(next.waiter);
                }
                overdue.push(next.waiter);
            }
        }
        self.note_emptiness();
        None
    }

    /// Those who have waited for too long.
    pub(super) fn take_overdue(&mut self, now: Instant) -> Vec<W> {
        let (patience, mut overdue) = (self.patience(now), Vec::new());
        for line in [&mut self.critical, &mut self.others] {
            while let Some(oldest) = line.first_entry()
                && now.saturating_duration_since(oldest.get().came) >= patience
            {
                overdue.push(oldest.remove().waiter);
            }
        }
        self.note_emptiness();
        overdue
    }

    /// Who makes room for another in a full queue: for a critical call one that is not; in a queue that stands, the
    /// oldest, whose turn would not come.
    pub(super) fn displace(&mut self, critical: bool, now: Instant) -> Option<W> {
        let stands = self.stands(now);
        let displaced = match (critical, stands) {
            (true, true) => self.others.pop_first().or_else(|| self.critical.pop_first()),
            (true, false) | (false, true) => self.others.pop_first(),
            (false, false) => None,
        };
        displaced.map(|(_, displaced)| displaced.waiter)
    }

    /// A call has left a place.
    pub(super) fn departed(&mut self, now: Instant) {
        self.pace.departed(now);
    }

    /// How long it takes until all are served that wait now.
    pub(super) fn drain_time(&self, now: Instant) -> Duration {
        self.pace.estimate(self.len(), now)
    }

    /// How long a call that comes now will wait.
    pub(super) fn delay(&self, critical: bool, now: Instant) -> Duration {
        let ahead = match (self.stands(now), critical) {
            (true, true) => 0,
            (false, true) | (true, false) => self.critical.len(),
            (false, false) => self.len(),
        };
        self.pace.estimate(ahead + 1, now)
    }

    fn line(&mut self, critical: bool) -> &mut Line<W> {
        if critical { &mut self.critical } else { &mut self.others }
    }

    fn note_emptiness(&mut self) {
        if self.is_empty() {
            self.since = None;
            self.pace.idle();
        }
    }
}
