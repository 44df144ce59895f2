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
/// A line that is served to its end now and then takes up bursts: first come, first served, and there is time. One that
/// was not for an interval stands: it does not get shorter by waiting. Then those who have just come are served, while
/// their callers are still there, and who has waited for longer than the target has to go. When all had to go, it still
/// stands, unless nobody waits for an interval.
#[derive(Debug)]
pub(super) struct Line<W> {
    discipline: Discipline,
    /// By number, so in the order in which they came.
    waiting: BTreeMap<u64, Waiting<W>>,
    next: u64,
    /// Since when it was not served to its end.
    since: Option<Instant>,
    /// Since when nobody is there, while it was not served to its end.
    vacant: Option<Instant>,
}

#[derive(Debug)]
struct Waiting<W> {
    came: Instant,
    deadline: Option<Instant>,
    waiter: W,
}

impl<W> Line<W> {
    pub(super) fn new(discipline: Discipline) -> Self {
        Self { discipline, waiting: BTreeMap::new(), next: 0, since: None, vacant: None }
    }

    pub(super) fn len(&self) -> usize {
        self.waiting.len()
    }

    pub(super) fn stands(&self, now: Instant) -> bool {
        let has_lasted = |since: Instant| now.saturating_duration_since(since) >= self.discipline.interval;
        self.since.is_some_and(has_lasted) && !self.vacant.is_some_and(has_lasted)
    }

    /// How long a call may wait.
    pub(super) fn patience(&self, now: Instant) -> Duration {
        if self.stands(now) { self.discipline.target } else { self.discipline.interval }
    }

    /// Returns the number by which it can be taken out.
    pub(super) fn push(&mut self, deadline: Option<Instant>, now: Instant, waiter: W) -> u64 {
        let number = self.next;
        self.next += 1;
        if self.vacant.take().is_some_and(|vacant| now >= vacant + self.discipline.interval) {
            self.since = None;
        }
        self.since.get_or_insert(now);
        self.waiting.insert(number, Waiting { came: now, deadline, waiter });
        number
    }

    pub(super) fn remove(&mut self, number: u64, now: Instant) -> Option<W> {
        let removed = self.waiting.remove(&number);
        self.note_vacancy(now);
        removed.map(|removed| removed.waiter)
    }

    /// Whose turn it is. Who was overtaken by its deadline is put to `overdue`.
    pub(super) fn pop(&mut self, now: Instant, overdue: &mut Vec<W>) -> Option<W> {
        let newest_first = self.stands(now);
        loop {
            let next = if newest_first { self.waiting.pop_last() } else { self.waiting.pop_first() };
            let Some((_, next)) = next else {
                self.note_vacancy(now);
                return None;
            };
            if next.deadline.is_some_and(|deadline| deadline <= now) {
                overdue.push(next.waiter);
                continue;
            }
            if self.waiting.is_empty() {
                self.since = None;
            }
            return Some(next.waiter);
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
        self.note_vacancy(now);
    }

    /// Takes out the oldest, in favour of another that comes.
    pub(super) fn displace(&mut self, now: Instant) -> Option<W> {
        let (_, oldest) = self.waiting.pop_first()?;
        self.note_vacancy(now);
        Some(oldest.waiter)
    }

    fn note_vacancy(&mut self, now: Instant) {
        if self.waiting.is_empty() && self.since.is_some() {
            self.vacant.get_or_insert(now);
        }
    }
}
