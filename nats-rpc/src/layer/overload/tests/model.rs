use std::time::Duration;

use tokio::time::Instant;

use crate::call::Priority;
use crate::layer::overload::line::Discipline;
use crate::layer::overload::pace::Pace;

/// What [`Seats`](crate::layer::overload::seats::Seats) should do, said as simply as possible: one list, looked through
/// as a whole each time.
pub(super) struct Model {
    pub(super) limit: u32,
    pub(super) room: u32,
    pub(super) running: u32,
    pub(super) waiting: Vec<Waiting>,
    discipline: Discipline,
    /// Since when neither others nor critical calls were served to their end.
    since: [Option<Instant>; 2],
    /// When the last of them had to go, or went.
    vacant: [Option<Instant>; 2],
    pace: Pace,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Waiting {
    pub(super) id: u32,
    critical: bool,
    came: Instant,
    deadline: Option<Instant>,
}

#[derive(Debug, PartialEq)]
pub(super) enum Outcome {
    Admitted,
    Waits(Instant),
    Expired,
    Shed,
}

/// Who is granted a place, and who has waited for nothing.
pub(super) type Told = (Vec<u32>, Vec<u32>);

impl Model {
    pub(super) fn new(limit: u32, room: u32, discipline: Discipline) -> Self {
        let (waiting, pace) = (Vec::new(), Pace::default());
        Self { limit, room, running: 0, waiting, discipline, since: [None; 2], vacant: [None; 2], pace }
    }

    fn stands(&self, critical: bool, now: Instant) -> bool {
        let long_ago = |then: Instant| now - then >= self.discipline.interval;
        let line = usize::from(critical);
        match (self.since[line], self.vacant[line]) {
            (Some(_), Some(vacant)) if long_ago(vacant) => false,
            (Some(since), _) => long_ago(since),
            (None, _) => false,
        }
    }

    fn patience(&self, critical: bool, now: Instant) -> Duration {
        if self.stands(critical, now) { self.discipline.target } else { self.discipline.interval }
    }

    fn fits(&self, priority: Priority) -> bool {
        let share = match priority {
            Priority::Critical => 1.0,
            Priority::Default => 0.95,
            Priority::Sheddable => 0.8,
            Priority::Background => 0.6,
        };
        let most = f64::from(self.limit).mul_add(share, 1e-9).floor().max(1.0);
        f64::from(self.running) < most
    }

    pub(super) fn enter(
        &mut self,
        id: u32,
        priority: Priority,
        deadline: Option<Instant>,
        now: Instant,
    ) -> (Outcome, Told) {
        if self.waiting.is_empty() && self.fits(priority) {
            self.running += 1;
            return (Outcome::Admitted, Told::default());
        }
        if matches!(priority, Priority::Sheddable | Priority::Background) {
            return (Outcome::Shed, Told::default());
        }
        let critical = priority == Priority::Critical;
        let mut overdue = self.overdue(now);
        let ahead = self.waiting.iter().filter(|other| {
            let more_important = other.critical && !critical;
            more_important || (!self.stands(critical, now) && other.critical == critical)
        });
        if deadline.is_some_and(|deadline| now + self.pace.estimate(ahead.count() + 1) >= deadline) {
            return (Outcome::Expired, (Vec::new(), overdue));
        }
        if self.waiting.len() >= self.room as usize {
            let oldest = |critical| self.waiting.iter().position(|other| other.critical == critical);
            let displaced = match oldest(false) {
                Some(other) if critical || self.stands(false, now) => Some(other),
                _ if critical && self.stands(true, now) => oldest(true),
                _ => None,
            };
            match displaced {
                Some(index) => overdue.push(self.waiting.remove(index).id),
                None => return (Outcome::Shed, (Vec::new(), overdue)),
            }
        }
        let until = now + self.patience(critical, now);
        self.waiting.push(Waiting { id, critical, came: now, deadline });
        let line = usize::from(critical);
        match self.vacant[line].take() {
            Some(vacant) if now - vacant >= self.discipline.interval => self.since[line] = Some(now),
            _ => self.since[line] = self.since[line].or(Some(now)),
        }
        self.note_vacancy(now);
        (Outcome::Waits(until), self.seat(now, overdue))
    }

    pub(super) fn leave(&mut self, now: Instant) -> Told {
        self.running -= 1;
        if self.waiting.is_empty() {
            return Told::default();
        }
        self.pace.departed(now);
        let (granted, mut overdue) = self.seat(now, Vec::new());
        overdue.extend(self.overdue(now));
        (granted, overdue)
    }

    pub(super) fn set_limit(&mut self, limit: u32, now: Instant) -> Told {
        self.limit = limit;
        if self.waiting.is_empty() { Told::default() } else { self.seat(now, Vec::new()) }
    }

    pub(super) fn withdraw(&mut self, id: u32, now: Instant) -> bool {
        let before = self.waiting.len();
        self.waiting.retain(|waiting| waiting.id != id);
        self.note_vacancy(now);
        self.waiting.len() < before
    }

    fn overdue(&mut self, now: Instant) -> Vec<u32> {
        let is_overdue = |waiting: &Waiting| now - waiting.came >= self.patience(waiting.critical, now);
        let (overdue, rest): (Vec<_>, Vec<_>) = self.waiting.iter().copied().partition(is_overdue);
        self.waiting = rest;
        self.note_vacancy(now);
        overdue.into_iter().map(|waiting| waiting.id).collect()
    }

    fn seat(&mut self, now: Instant, mut overdue: Vec<u32>) -> Told {
        let mut granted = Vec::new();
        loop {
            let open = |waiting: &Waiting| {
                self.fits(if waiting.critical { Priority::Critical } else { Priority::Default })
            };
            let next = self.waiting.iter().filter(|waiting| open(waiting)).max_by_key(|waiting| {
                let order = i64::from(waiting.id);
                (waiting.critical, if self.stands(waiting.critical, now) { order } else { -order })
            });
            let Some(next) = next.copied() else { break };
            self.waiting.retain(|waiting| waiting.id != next.id);
            if next.deadline.is_some_and(|deadline| deadline <= now) {
                overdue.push(next.id);
            } else {
                self.running += 1;
                granted.push(next.id);
                if !self.is_there(next.critical) {
                    self.since[usize::from(next.critical)] = None;
                }
            }
            self.note_vacancy(now);
        }
        (granted, overdue)
    }

    fn is_there(&self, critical: bool) -> bool {
        self.waiting.iter().any(|waiting| waiting.critical == critical)
    }

    fn note_vacancy(&mut self, now: Instant) {
        for critical in [false, true] {
            let line = usize::from(critical);
            if !self.is_there(critical) && self.since[line].is_some() {
                self.vacant[line] = self.vacant[line].or(Some(now));
            }
        }
        if self.waiting.is_empty() {
            self.pace.idle();
        }
    }
}
