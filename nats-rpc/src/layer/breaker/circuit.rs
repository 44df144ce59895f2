use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::backoff::Backoff;
use super::outcome::Outcome;
use super::ramp::Ramp;
use super::tally::Tally;
use super::{BreakerCause, BreakerState};
use crate::spec::BreakerSpec;

/// So many calls in a row must succeed while one at a time tries the service.
const PROBES: u32 = 3;
/// How long a call may try the service, if its deadline is not earlier. Doubles each time that it was not enough, so that a method
/// whose calls take longer comes through in the end.
const PATIENCE: Duration = Duration::from_secs(5);
/// What the patience grows to at most: five minutes.
const MAX_OVERDUE: u32 = 6;

/// Decides which calls of a method go through, from how earlier ones ended. Pure: it is told the time.
///
/// What a clock would have changed meanwhile is caught up with at the next call.
#[derive(Debug)]
pub(super) struct Circuit {
    spec: BreakerSpec,
    /// From -1 to 1.
    jitter: fn() -> f64,
    phase: Phase,
    /// A call belongs to the generation in which it was let through, and decides nothing in a later one.
    generation: u64,
    tally: Tally,
    backoff: Backoff,
    /// How many calls that had more time took too long when they tried the service.
    overdue: u32,
    /// What has happened and was not told yet.
    changes: VecDeque<Change>,
}

#[derive(Debug)]
enum Phase {
    Closed { since: Instant },
    Open { until: Instant },
    HalfOpen { probe: Option<Probe>, succeeded: u32 },
    Ramp(Ramp),
    Isolated,
    ForcedClosed,
}

/// The one call that tries the service.
#[derive(Debug, Clone, Copy)]
struct Probe {
    /// When it has taken too long.
    due: Instant,
    /// Whether it has more time than that: others do not wait for it so long.
    is_hurried: bool,
}

/// Lets one call through, which gives it back at its end.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Permit {
    pub(super) generation: u64,
}

/// A call is not let through. Things will have changed after this time; `None`: not by themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rejected {
    pub(super) retry_in: Option<Duration>,
}

/// A circuit went from one state to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Change {
    pub(super) from: BreakerState,
    pub(super) to: BreakerState,
    pub(super) cause: BreakerCause,
}

impl Circuit {
    pub(super) fn new(spec: BreakerSpec, now: Instant, jitter: fn() -> f64) -> Self {
        Self {
            spec,
            jitter,
            phase: Phase::Closed { since: now },
            generation: 0,
            tally: Tally::new(now),
            backoff: Backoff::default(),
            overdue: 0,
            changes: VecDeque::new(),
        }
    }

    pub(super) fn state(&self) -> BreakerState {
        match self.phase {
            Phase::Closed { .. } => BreakerState::Closed,
            Phase::Open { .. } => BreakerState::Open,
            Phase::HalfOpen { .. } => BreakerState::HalfOpen,
            Phase::Ramp(_) => BreakerState::Ramp,
            Phase::Isolated => BreakerState::Isolated,
            Phase::ForcedClosed => BreakerState::ForcedClosed,
        }
    }

    /// What every call gets at the moment, if all are let through.
    pub(super) fn permit_for_all(&self) -> Option<Permit> {
        let all = matches!(self.phase, Phase::Closed { .. } | Phase::ForcedClosed);
        all.then_some(self.permit())
    }

    /// Whether something has happened that was not told yet.
    pub(super) fn has_changed(&self) -> bool {
        !self.changes.is_empty()
    }

    pub(super) fn next_change(&mut self) -> Option<Change> {
        self.changes.pop_front()
    }

    /// Does what is due by `now`, each thing as of the moment when it was.
    pub(super) fn advance(&mut self, now: Instant) {
        match self.phase {
            Phase::HalfOpen { probe: Some(probe), .. } if probe.due <= now => {
                if probe.is_hurried {
                    self.overdue = (self.overdue + 1).min(MAX_OVERDUE);
                }
                self.open(probe.due, BreakerCause::ProbeOverdue);
            }
            Phase::Ramp(ramp) if ramp.end() <= now => {
                self.overdue = 0;
                self.change(Phase::Closed { since: ramp.end() }, BreakerCause::RampEnded);
            }
            _ => {}
        }
    }

    /// Lets a call through that is given up at `deadline`, or does not.
    pub(super) fn admit(&mut self, now: Instant, deadline: Option<Instant>) -> Result<Permit, Rejected> {
        self.advance(now);
        let wait = |retry_in| Err(Rejected { retry_in });
        match &mut self.phase {
            Phase::Closed { .. } | Phase::ForcedClosed => Ok(self.permit()),
            Phase::Isolated => wait(None),
            Phase::Open { until } if now < *until => wait(Some(*until - now)),
            Phase::Open { .. } => {
                self.change(Phase::HalfOpen { probe: None, succeeded: 0 }, BreakerCause::Waited);
                Ok(self.probe(now, deadline, 0))
            }
            Phase::HalfOpen { probe: Some(probe), .. } => {
                // It will mostly be answered long before it is overdue.
                wait(Some((probe.due - now).min(self.spec.open())))
            }
            Phase::HalfOpen { probe: None, succeeded } => {
                let succeeded = *succeeded;
                Ok(self.probe(now, deadline, succeeded))
            }
            Phase::Ramp(ramp) => match ramp.admit(now) {
                Ok(()) => Ok(self.permit()),
                Err(time) => wait(Some(time)),
            },
        }
    }

    /// A call has ended that was let through.
    #[expect(clippy::needless_pass_by_value, reason = "a call ends once")]
    pub(super) fn end(&mut self, permit: Permit, outcome: Outcome, now: Instant) {
        self.advance(now);
        let Permit { generation } = permit;
        if generation != self.generation {
            return;
        }
        match &mut self.phase {
            Phase::Closed { .. } | Phase::Ramp(_) => match outcome {
                Outcome::Success => self.tally.success(now),
                Outcome::Failure => {
                    let cause = self.tally.failure(now, &self.spec);
                    if let Some(cause) = cause.filter(|_| !self.spec.is_off()) {
                        self.open(now, cause);
                    }
                }
                Outcome::Busy | Outcome::Nothing => {}
            },
            Phase::HalfOpen { probe, succeeded } => match outcome {
                Outcome::Success => {
                    *probe = None;
                    *succeeded += 1;
                    if *succeeded == PROBES {
                        self.restart(now, Phase::Ramp(Ramp::new(now)), BreakerCause::ProbesSucceeded);
                    }
                }
                Outcome::Failure | Outcome::Busy => self.open(now, BreakerCause::ProbeFailed),
                Outcome::Nothing => *probe = None,
            },
            Phase::Open { .. } | Phase::Isolated | Phase::ForcedClosed => {}
        }
    }

    pub(super) fn force_open(&mut self, now: Instant) {
        self.advance(now);
        self.open(now, BreakerCause::Manual);
    }

    pub(super) fn force_closed(&mut self, now: Instant) {
        self.advance(now);
        self.restart(now, Phase::ForcedClosed, BreakerCause::Manual);
    }

    pub(super) fn isolate(&mut self, now: Instant) {
        self.advance(now);
        self.restart(now, Phase::Isolated, BreakerCause::Manual);
    }

    /// As if it were new, but for calls that were let through before.
    pub(super) fn reset(&mut self, now: Instant) {
        self.advance(now);
        (self.backoff, self.overdue) = (Backoff::default(), 0);
        self.restart(now, Phase::Closed { since: now }, BreakerCause::Manual);
    }

    fn open(&mut self, now: Instant, cause: BreakerCause) {
        let closed = match self.phase {
            Phase::Closed { since } => now.saturating_duration_since(since),
            _ => Duration::ZERO,
        };
        let time = self.backoff.next(&self.spec, closed, (self.jitter)());
        self.generation += 1;
        self.change(Phase::Open { until: now + time }, cause);
    }

    /// Goes on with nothing counted. What was let through before does not count any more.
    fn restart(&mut self, now: Instant, phase: Phase, cause: BreakerCause) {
        self.tally = Tally::new(now);
        self.generation += 1;
        self.change(phase, cause);
    }

    fn change(&mut self, phase: Phase, cause: BreakerCause) {
        let from = self.state();
        self.phase = phase;
        let to = self.state();
        if from != to {
            self.changes.push_back(Change { from, to, cause });
        }
    }

    /// Lets one call through to try the service.
    fn probe(&mut self, now: Instant, deadline: Option<Instant>, succeeded: u32) -> Permit {
        let patience = now + PATIENCE * (1 << self.overdue);
        let due = deadline.map_or(patience, |deadline| deadline.min(patience));
        let probe = Some(Probe { due, is_hurried: deadline.is_none_or(|deadline| patience < deadline) });
        self.phase = Phase::HalfOpen { probe, succeeded };
        self.permit()
    }

    fn permit(&self) -> Permit {
        Permit { generation: self.generation }
    }
}

#[cfg(test)]
mod model;
#[cfg(test)]
mod tests;
