use std::sync::PoisonError;
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

use tokio::time::Instant;

use super::Priority;
use super::line::Discipline;
use super::queue::{Key, Queue};
use super::sync::{AtomicU32, AtomicU64, Mutex, MutexGuard};

/// One that waits, in the upper half of [`Seats::word`].
const WAITING: u64 = 1 << 32;

/// The places for calls that run, and the calls that wait for one.
///
/// While nobody waits, to come and to go is one atomic step each. While somebody does, everybody comes by the lock: so
/// nobody overtakes the queue, and no place that is given back is lost to it.
///
/// Whom a step concerns it returns in [`Changes`], to be told when the lock is free.
#[derive(Debug)]
pub(super) struct Seats<W> {
    /// How many run (lower half), and how many wait.
    word: AtomicU64,
    limit: AtomicU32,
    /// How many may wait, for each 100 that may run.
    queue_percent: u32,
    queue: Mutex<Queue<W>>,
}

/// A call that comes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Arrival {
    pub(super) priority: Priority,
    pub(super) deadline: Option<Instant>,
    pub(super) now: Instant,
}

/// What becomes of it.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Entered {
    /// It runs.
    Admitted,
    /// It waits here, but not for longer than until then.
    Waits(Key, Instant),
    /// Its deadline would pass while it waits.
    Expired,
    /// There is no place for it.
    Shed,
}

/// Whom a step concerns.
#[derive(Debug)]
#[must_use = "they wait to be told"]
pub(super) struct Changes<W> {
    /// Who runs from now on.
    pub(super) granted: Vec<W>,
    /// Who has waited for nothing.
    pub(super) overdue: Vec<W>,
}

impl<W> Changes<W> {
    const NONE: Self = Self { granted: Vec::new(), overdue: Vec::new() };
}

/// The share of the limit up to which calls of a priority are let in, in percent, and whether they wait beyond it: what
/// may be left out does not.
const fn share(priority: Priority) -> (u64, bool) {
    match priority {
        Priority::Critical => (100, true),
        Priority::Default => (95, true),
        Priority::Sheddable => (80, false),
        Priority::Background => (60, false),
    }
}

/// Whether a call of this priority may run beside so many. One always may.
fn has_seat(priority: Priority, running: u32, limit: u32) -> bool {
    let (percent, _) = share(priority);
    running == 0 || u64::from(running + 1) * 100 <= u64::from(limit) * percent
}

#[expect(clippy::cast_possible_truncation, reason = "it is the lower half")]
const fn running(word: u64) -> u32 {
    word as u32
}

impl<W> Seats<W> {
    pub(super) fn new(limit: u32, queue_percent: u32, discipline: Discipline) -> Self {
        let queue = Mutex::new(Queue::new(discipline));
        Self { word: AtomicU64::new(0), limit: AtomicU32::new(limit), queue_percent, queue }
    }

    /// How many may run.
    pub(super) fn limit(&self) -> u32 {
        self.limit.load(SeqCst)
    }

    /// How many run.
    pub(super) fn running(&self) -> u32 {
        running(self.word.load(SeqCst))
    }

    /// How many wait.
    pub(super) fn waiting(&self) -> usize {
        self.lock().len()
    }

    /// How many wait, and how long it takes until all of them are served.
    pub(super) fn queue(&self, now: Instant) -> (usize, Duration) {
        let queue = self.lock();
        (queue.len(), queue.drain_time(now))
    }

    /// Takes a place if there is one and nobody waits for it.
    pub(super) fn try_enter(&self, priority: Priority) -> bool {
        let limit = self.limit();
        let take = |word| (word < WAITING && has_seat(priority, running(word), limit)).then_some(word + 1);
        self.word.fetch_update(SeqCst, SeqCst, take).is_ok()
    }

    /// Takes a place, or one in the queue: then `waiter` is told.
    pub(super) fn enter(&self, arrival: Arrival, waiter: W) -> (Entered, Changes<W>) {
        let Arrival { priority, deadline, now } = arrival;
        let (critical, (_, waits)) = (priority == Priority::Critical, share(priority));
        self.locked(|queue, running| {
            let limit = self.limit();
            if queue.is_empty() && has_seat(priority, *running, limit) {
                *running += 1;
                return (Entered::Admitted, Changes::NONE);
            }
            if !waits {
                return (Entered::Shed, Changes::NONE);
            }
            let mut overdue = queue.take_overdue(now);
            if deadline.is_some_and(|deadline| now + queue.delay(critical, now) >= deadline) {
                return (Entered::Expired, Changes { overdue, ..Changes::NONE });
            }
            let room = (u64::from(limit) * u64::from(self.queue_percent)).div_ceil(100);
            if queue.len() as u64 >= room {
                let Some(displaced) = queue.displace(critical, now) else {
                    return (Entered::Shed, Changes { overdue, ..Changes::NONE });
                };
                overdue.push(displaced);
            }
            let until = now + queue.patience(critical, now);
            let key = queue.push(critical, deadline, now, waiter);
            (Entered::Waits(key, until), self.seat(queue, running, now, overdue))
        })
    }

    /// Gives a place back, to whose turn it is if somebody waits.
    pub(super) fn leave(&self, now: impl FnOnce() -> Instant) -> Changes<W> {
        let free = |word| (word < WAITING).then(|| word - 1);
        if self.word.fetch_update(SeqCst, SeqCst, free).is_ok() {
            return Changes::NONE;
        }
        let now = now();
        self.locked(|queue, running| {
            *running -= 1;
            queue.departed(now);
            // Nobody has to go for whom there is a place now.
            let mut changes = self.seat(queue, running, now, Vec::new());
            changes.overdue.extend(queue.take_overdue(now));
            changes
        })
    }

    /// Takes one out of the queue that waits no longer. `None`: it waits there no more, and is told so.
    pub(super) fn withdraw(&self, key: Key, now: Instant) -> Option<W> {
        self.locked(|queue, _| queue.remove(key, now))
    }

    /// Lets more run at once, or fewer.
    pub(super) fn set_limit(&self, limit: u32, now: Instant) -> Changes<W> {
        self.limit.store(limit, SeqCst);
        if self.word.load(SeqCst) < WAITING {
            return Changes::NONE;
        }
        self.locked(|queue, running| self.seat(queue, running, now, Vec::new()))
    }

    /// Fills the places that are free.
    fn seat(&self, queue: &mut Queue<W>, running: &mut u32, now: Instant, mut overdue: Vec<W>) -> Changes<W> {
        let (limit, mut granted) = (self.limit(), Vec::new());
        while let Some(next) = queue.pop(now, &mut overdue, |priority| has_seat(priority, *running, limit)) {
            *running += 1;
            granted.push(next);
        }
        Changes { granted, overdue }
    }

    /// Works with all of it. Meanwhile it looks as if somebody waits, so that everybody else comes by the lock, too.
    fn locked<T>(&self, work: impl FnOnce(&mut Queue<W>, &mut u32) -> T) -> T {
        let mut queue = self.lock();
        let mut running = running(self.word.fetch_add(WAITING, SeqCst));
        let done = work(&mut queue, &mut running);
        self.word.store(queue.len() as u64 * WAITING + u64::from(running), SeqCst);
        done
    }

    fn lock(&self) -> MutexGuard<'_, Queue<W>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
