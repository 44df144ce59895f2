use std::time::Duration;

use tokio::time::Instant;

use super::Priority;
use super::line::{Discipline, Line};
use super::pace::Pace;

/// Calls that wait for a place, in two lines: critical ones go before all others, and are not held to the short delay of a
/// line that stands because of the others.
#[derive(Debug)]
pub(super) struct Queue<W> {
    critical: Line<W>,
    others: Line<W>,
    pace: Pace,
}

/// A place in the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Key {
    critical: bool,
    number: u64,
}

impl<W> Queue<W> {
    pub(super) fn new(discipline: Discipline) -> Self {
        Self { critical: Line::new(discipline), others: Line::new(discipline), pace: Pace::default() }
    }

    pub(super) fn len(&self) -> usize {
        self.critical.len() + self.others.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(super) fn push(&mut self, critical: bool, deadline: Option<Instant>, now: Instant, waiter: W) -> Key {
        Key { critical, number: self.line(critical).push(deadline, now, waiter) }
    }

    /// How long a call may wait that comes now.
    pub(super) fn patience(&mut self, critical: bool, now: Instant) -> Duration {
        self.line(critical).patience(now)
    }

    /// Takes one out that waits no longer. `None`: its turn has come already, or it had to go.
    pub(super) fn remove(&mut self, key: Key, now: Instant) -> Option<W> {
        let removed = self.line(key.critical).remove(key.number, now);
        self.note_emptiness();
        removed
    }

    /// Whose turn it is, of those for whom there is a place. Who was overtaken by its deadline is put to `overdue`.
    pub(super) fn pop(
        &mut self,
        now: Instant,
        overdue: &mut Vec<W>,
        is_free: impl Fn(Priority) -> bool,
    ) -> Option<W> {
        let mut next = None;
        if is_free(Priority::Critical) {
            next = self.critical.pop(now, overdue);
        }
        if next.is_none() && is_free(Priority::Default) {
            next = self.others.pop(now, overdue);
        }
        self.note_emptiness();
        next
    }

    /// Those who have waited for too long.
    pub(super) fn take_overdue(&mut self, now: Instant) -> Vec<W> {
        let mut overdue = Vec::new();
        self.critical.take_overdue(now, &mut overdue);
        self.others.take_overdue(now, &mut overdue);
        self.note_emptiness();
        overdue
    }

    /// Who makes room in a full queue for a call that is pushed then: for a critical one another that is not; in a line that
    /// stands, the oldest, whose turn would not come.
    pub(super) fn displace(&mut self, critical: bool, now: Instant) -> Option<W> {
        let displaced = if critical || self.others.stands(now) { self.others.displace(now) } else { None };
        if displaced.is_none() && critical && self.critical.stands(now) {
            return self.critical.displace(now);
        }
        displaced
    }

    /// A call has left a place for which others wait.
    pub(super) fn departed(&mut self, now: Instant) {
        self.pace.departed(now);
    }

    /// How long it takes until all are served that wait now.
    pub(super) fn drain_time(&self, now: Instant) -> Duration {
        self.pace.estimate(self.len()).max(self.pace.silence(now))
    }

    /// How long a call will wait that comes now.
    pub(super) fn delay(&self, critical: bool, now: Instant) -> Duration {
        let line = if critical { &self.critical } else { &self.others };
        let in_line = if line.stands(now) { 0 } else { line.len() };
        let before_line = if critical { 0 } else { self.critical.len() };
        self.pace.estimate(before_line + in_line + 1)
    }

    fn line(&mut self, critical: bool) -> &mut Line<W> {
        if critical { &mut self.critical } else { &mut self.others }
    }

    fn note_emptiness(&mut self) {
        if self.is_empty() {
            self.pace.idle();
        }
    }
}
