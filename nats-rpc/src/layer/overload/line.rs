use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::Instant;

/// How calls wait.
#[derive(Debug, Clone, Copy)]
pub(super) struct Discipline {
    /// How long a call may wait in a line that stands.
    pub(super) target: Duration,
    /// How long a line may be in use before it is taken to stand; until then, how long a call may wait.
    pub(super) interval: Duration,
}

/// Calls that wait for a place: adaptive LIFO with controlled delay, as in
/// [Fail at Scale](https://queue.acm.org/detail.cfm?id=2839461).
///
/// A line that empties now and then takes up bursts: first come, first served, and there is time. One that has not been
/// empty for an interval stands: it does not get shorter by waiting. Then those who have just come are served, while their
/// callers are still there, and who has waited for longer than the target has to go.
#[derive(Debug)]
pub(super) struct Line<W> {
    discipline: Discipline,
    /// By number, so in the order in which they came.
    waiting: BTreeMap<u64, Waiting<W>>,
    next: u64,
    /// Since when there has always been somebody.
    since: Option<Instant>,
}

#[derive(Debug)]
struct Waiting<W> {
    came: Instant,
    deadline: Option<Instant>,
    waiter: W,
}

impl<W> Line<W> {
    pub(super) fn new(discipline: Discipline) -> Self {
        Self { discipline, waiting: BTreeMap::new(), next: 0, since: None }
    }

    pub(super) fn len(&self) -> usize {
        self.waiting.len()
    }

    pub(super) fn stands(&self, now: Instant) -> bool {
        self.since.is_some_and(|since| now.saturating_duration_since(since) >= self.discipline.interval)
    }

    /// How long a call may wait.
    pub(super) fn patience(&self, now: Instant) -> Duration {
        if self.stands(now) { self.discipline.target } else { self.discipline.interval }
    }

    /// Returns the number by which it can be taken out.
    pub(super) fn push(&mut self, deadline: Option<Instant>, now: Instant, waiter: W) -> u64 {
        let number = self.next;
        self.next += 1;
        self.since.get_or_insert(now);
        self.waiting.insert(number, Waiting { came: now, deadline, waiter });
        number
    }

    pub(super) fn remove(&mut self, number: u64) -> Option<W> {
        self.waiting.remove(&number).map(|removed| removed.waiter)
    }

    /// Whose turn it is. Who was overtaken by its deadline is put to `overdue`.
    pub(super) fn pop(&mut self, now: Instant, overdue: &mut Vec<W>) -> Option<W> {
        let newest_first = self.stands(now);
        loop {
            let next = if newest_first { self.waiting.pop_last() } else { self.waiting.pop_first() };
            match next {
                Some((_, next)) if next.deadline.is_some_and(|deadline| deadline <= now) => {
                    overdue.push(next.waiter);
                }
                next => return next.map(|(_, next)| next.waiter),
            }
        }
    }

    /// Takes out who has waited for too long.
    pub(super) fn take_overdue(&mut self, now: Instant, overdue: &mut Vec<W>) {
        let patience = self.patience(now);
        while let Some(oldest) = self.waiting.first_entry()
            && now.saturating_duration_since(oldest.get().came) >= patience
        {
            overdue.push(oldest.remove().waiter);
        }
    }

    /// Takes out the oldest, in favour of another that comes.
    pub(super) fn displace(&mut self) -> Option<W> {
        let (_, oldest) = self.waiting.pop_first()?;
        Some(oldest.waiter)
    }

    /// A step is done.
    pub(super) fn note_emptiness(&mut self) {
        if self.waiting.is_empty() {
            self.since = None;
        }
    }
}
