use std::sync::Arc;
use std::time::Duration;

use rand::RngExt;
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::episode::Episodes;
use super::learner::{End, Learner, Measure};
use super::limit::{Kind, Limit};
use super::line::Discipline;
use super::permit::Permit;
use super::place::Place;
use super::queue::Key;
use super::seats::{Arrival, Changes, Entered, Seats};
use super::stats::Counters;
use super::{OverloadStats, Priority};
use crate::raw::Call;
use crate::status::{Reason, Status};

/// The shortest and the longest time after which a caller is asked to try again.
const SHORTEST_PUSHBACK: Duration = Duration::from_millis(10);
const LONGEST_PUSHBACK: Duration = Duration::from_secs(1);

/// How calls are let in.
#[derive(Debug, Clone, Copy)]
pub(super) struct Settings {
    pub(super) queue_percent: u32,
    pub(super) discipline: Discipline,
    /// Whether a stream of responses has its call's place to its end.
    pub(super) hold_streams: bool,
}

/// What all calls pass that count together.
#[derive(Debug)]
pub(super) struct Gate {
    seats: Seats<oneshot::Sender<Turn>>,
    /// If the limit is learned.
    learner: Option<Learner>,
    counters: Counters,
    episodes: Episodes,
    pub(super) settings: Settings,
}

/// What one that waits is told.
#[derive(Debug)]
pub(super) enum Turn {
    /// It runs. Whoever drops this unread gives the place to the next.
    Yours(Permit),
    /// It has waited for nothing.
    Over,
}

/// What becomes of a call.
pub(super) enum Entry {
    Admitted(Permit),
    Waits(Place),
    Rejected(Status),
}

impl Gate {
    pub(super) fn new(limit: Limit, settings: Settings) -> Self {
        let learner = match limit.0 {
            Kind::Fixed(_) => None,
            Kind::Gradient(gradient) => Some(Learner::new(gradient)),
        };
        Self {
            seats: Seats::new(limit.initial(), settings.queue_percent, settings.discipline),
            learner,
            counters: Counters::default(),
            episodes: Episodes::default(),
            settings,
        }
    }

    /// Lets a call in, has it wait, or turns it away.
    pub(super) fn enter(self: &Arc<Self>, call: &Call) -> Entry {
        let context = call.context();
        if context.is_cancelled() {
            return Entry::Rejected(self.cancelled());
        }
        let (deadline, priority) = (context.deadline(), context.priority());
        let is_over = self.episodes.last();
        // Looked at once, and only for those who need it.
        let now = (deadline.is_some() || self.learner.is_some() || is_over).then(Instant::now);
        if let Some(now) = now {
            if deadline.is_some_and(|deadline| deadline <= now) {
                return Entry::Rejected(self.expired());
            }
            if is_over {
                self.episodes.look(now);
            }
        }
        if self.seats.try_enter(priority) {
            return Entry::Admitted(self.permit(call, now));
        }
        let arrival = Arrival { priority, deadline, now: now.unwrap_or_else(Instant::now) };
        let (waiter, turn) = oneshot::channel();
        let (entered, changes) = self.seats.enter(arrival, waiter);
        self.tell(changes);
        match entered {
            Entered::Admitted => Entry::Admitted(self.permit(call, now)),
            Entered::Waits(key, until) => {
                Entry::Waits(Place::new(Arc::clone(self), key, context, turn, until))
            }
            Entered::Expired => Entry::Rejected(self.expired()),
            Entered::Shed => Entry::Rejected(self.overloaded(priority, arrival.now)),
        }
    }

    /// For a call that has a place; what `now` is if anything is measured.
    fn permit(self: &Arc<Self>, call: &Call, now: Option<Instant>) -> Permit {
        let measured = self.learner.as_ref().zip(now);
        let measure = measured.map(|(learner, now)| learner.begin(call.method(), now));
        Permit::new(Arc::clone(self), measure)
    }

    /// A call that has waited runs now.
    pub(super) fn measure(&self, call: &Call) -> Option<Measure> {
        self.learner.as_ref().map(|learner| learner.begin(call.method(), Instant::now()))
    }

    /// A call that was measured is over.
    pub(super) fn learn(self: &Arc<Self>, measure: &Measure, end: End) {
        let Some(learner) = &self.learner else { return };
        let now = Instant::now();
        if let Some(limit) = learner.end(measure, end, self.seats.running(), now) {
            self.tell(self.seats.set_limit(limit, now));
        }
    }

    /// A call gives its place back.
    pub(super) fn leave(self: &Arc<Self>) {
        self.tell(self.seats.leave(Instant::now));
    }

    /// One waits no longer. `false`: it has been told something.
    pub(super) fn withdraw(&self, key: Key) -> bool {
        self.seats.withdraw(key, Instant::now()).is_some()
    }

    /// Who is gone gives the place to the next when it is dropped unread.
    fn tell(self: &Arc<Self>, changes: Changes<oneshot::Sender<Turn>>) {
        for waiter in changes.granted {
            drop(waiter.send(Turn::Yours(Permit::new(Arc::clone(self), None))));
        }
        for waiter in changes.overdue {
            drop(waiter.send(Turn::Over));
        }
    }

    pub(super) fn stats(&self) -> OverloadStats {
        OverloadStats {
            limit: self.seats.limit() as usize,
            running: self.seats.running() as usize,
            queued: self.seats.waiting(),
            ..self.counters.read()
        }
    }
}

/// Why calls are not handled.
impl Gate {
    pub(super) fn overloaded(&self, priority: Priority, now: Instant) -> Status {
        self.counters.reject(priority);
        let (queued, drain_time) = self.seats.queue(now);
        self.episodes.rejected(now, (self.seats.limit(), queued));
        // At least half of it is chance, so that those who are turned away together do not come back together.
        let longest = drain_time.clamp(SHORTEST_PUSHBACK * 2, LONGEST_PUSHBACK);
        let pushback = longest.mul_f64(rand::rng().random_range(0.5..=1.0));
        Status::resource_exhausted("the service has more calls than it can handle")
            .with_reason(Reason::Overloaded)
            .with_not_processed()
            .with_retry_after(pushback)
    }

    pub(super) fn expired(&self) -> Status {
        self.counters.expire();
        Status::deadline_exceeded("the time of the call was over before it was handled")
            .with_reason(Reason::Expired)
            .with_not_processed()
    }

    pub(super) fn cancelled(&self) -> Status {
        self.counters.cancel();
        Status::cancelled("the call was given up before it was handled")
            .with_reason(Reason::Cancelled)
            .with_not_processed()
    }
}
