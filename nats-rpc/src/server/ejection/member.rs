use std::collections::BTreeSet;

use tokio::time::{Duration, Instant};

use super::Census;
use crate::wire::{Leaving, LeavingState, Serves};

/// A member of a queue group, as it follows the rules by which no group is ever emptied.
///
/// - Who wants to leave says so with a random rank, waits for 300 ms at least, asks who serves, and decides within 300 ms
///   of asking. It counts only those that answer YES.
/// - From its announcement on it does not answer YES itself. So of two that count each other in no order can both leave:
///   whoever has answered YES asks at the earliest 300 ms later, when the other one has decided, and does not count it.
/// - Who hears of another one that wants to leave announces nothing while that may still leave; if it has announced
///   before, the one with the lower rank stays, and with equal ranks the one with the lower id. Who hears of one that
///   stops stays too. So one of those that trip together can leave.
///
/// No message has to arrive for that. One that is lost keeps somebody in the group.
#[derive(Debug)]
pub(super) struct Member {
    instance: String,
    part: Part,
    /// Another one that has announced has decided by then.
    rival_until: Option<Instant>,
    /// The others who serve, as far as is known: an instance that is away looks after them.
    serving: BTreeSet<String>,
    /// The others who have said that they are away.
    away: BTreeSet<String>,
}

/// After its announcement, an instance has left or stays. The longest that it waits, and has for its decision.
const DECIDED: Duration = Duration::from_millis(900);

/// More are not remembered: those that are killed while they are away never say so.
const MOST_AWAY: usize = 64;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Serves,
    /// It has announced that it wants to leave, with this rank.
    Bids(u64),
    Away,
}

impl Member {
    /// One that does not serve yet.
    pub(super) fn new(instance: &str) -> Self {
        Self {
            instance: instance.to_owned(),
            part: Part::Away,
            rival_until: None,
            serving: BTreeSet::new(),
            away: BTreeSet::new(),
        }
    }

    /// What it says when it is asked whether it serves.
    pub(super) fn answer(&self) -> Serves {
        match self.part {
            Part::Serves => Serves::Yes,
            Part::Bids(_) => Serves::Leaving,
            Part::Away => Serves::No,
        }
    }

    /// It serves, and stays for now.
    pub(super) fn serve(&mut self) {
        self.part = Part::Serves;
        self.serving.clear();
    }

    /// It wants to leave, and announces that. `false`: another one comes first.
    pub(super) fn bid(&mut self, rank: u64, now: Instant) -> bool {
        let free = !self.has_rival(now);
        if free {
            self.part = Part::Bids(rank);
        }
        free
    }

    /// Whether another one that has announced may still leave.
    fn has_rival(&self, now: Instant) -> bool {
        self.rival_until.is_some_and(|until| now < until)
    }

    /// Leaves, unless it has to stay after all.
    pub(super) fn leave(&mut self) -> bool {
        let leaves = matches!(self.part, Part::Bids(_));
        if leaves {
            self.part = Part::Away;
        }
        leaves
    }

    /// Serves no more, whoever else does.
    pub(super) fn stop(&mut self) {
        self.part = Part::Away;
    }

    /// Whether another one may be away, and come back. Who has announced may have left before it can be heard.
    pub(super) fn knows_of_absence(&self, now: Instant) -> bool {
        !self.away.is_empty() || self.has_rival(now)
    }

    /// Another one says something of itself. Returns whether nobody is left now that serves.
    pub(super) fn hear(&mut self, said: &Leaving<'_>, now: Instant) -> bool {
        if said.state != LeavingState::Left {
            self.away.remove(said.instance);
        } else if self.away.len() < MOST_AWAY {
            self.away.insert(said.instance.to_owned());
        }
        match said.state {
            LeavingState::Announced => {
                self.rival_until = Some(now + DECIDED);
                let other = (said.rank, said.instance);
                if matches!(self.part, Part::Bids(rank) if (rank, self.instance.as_str()) < other) {
                    self.part = Part::Serves;
                }
                false
            }
            LeavingState::Stopping => {
                if let Part::Bids(_) = self.part {
                    // It may have been counted.
                    self.part = Part::Serves;
                }
                self.serving.remove(said.instance) && self.serving.is_empty()
            }
            _ => false,
        }
    }

    /// Remembers who serves.
    pub(super) fn learn(&mut self, census: &Census) {
        self.serving = census.serving().map(str::to_owned).collect();
    }
}

#[cfg(test)]
mod tests;
