use std::collections::BTreeMap;

use tokio::time::Instant;

use super::peer::{Arrival, Command};

/// What is under way, in the order of its arrival.
#[derive(Default)]
pub(super) struct Delays {
    events: BTreeMap<(Instant, u64), (Lane, Event)>,
    /// Only of those with something under way.
    lanes: BTreeMap<Lane, Traffic>,
    next_event: u64,
    /// What becomes of it, for who has a task to start.
    watch: Watch,
}

/// Whether a task waits for the next event.
#[derive(Default)]
enum Watch {
    #[default]
    Nobody,
    /// It looks at all events, and then waits.
    Awake,
    Until(Instant),
}

/// What has to be done to have events handled in time.
pub(super) enum Attention {
    /// Nothing.
    Unneeded,
    /// Start a task.
    Start,
    /// Tell the task to look again.
    Wake,
}

pub(super) enum Event {
    Command { client: u64, command: Command },
    Arrival(Arrival),
}

/// Where nothing overtakes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Lane {
    /// From a connection to the broker.
    Up { client: u64 },
    /// From one connection through the broker to another, or to one subscription of it.
    Down { from: u64, to: u64, subscription: Option<u64> },
}

struct Traffic {
    count: usize,
    last: Instant,
}

impl Delays {
    /// Whether something is under way there, so that what follows can't be delivered at once.
    pub(super) fn is_busy(&self, lane: Lane) -> bool {
        self.lanes.contains_key(&lane)
    }

    /// When the last of what is under way there arrives.
    pub(super) fn last(&self, lane: Lane) -> Option<Instant> {
        self.lanes.get(&lane).map(|traffic| traffic.last)
    }

    pub(super) fn push(&mut self, lane: Lane, due: Instant, event: Event) {
        let traffic = self.lanes.entry(lane).or_insert(Traffic { count: 0, last: due });
        traffic.count += 1;
        traffic.last = traffic.last.max(due);
        self.next_event += 1;
        self.events.insert((traffic.last, self.next_event), (lane, event));
    }

    /// The next event that is due.
    pub(super) fn pop(&mut self, now: Instant) -> Option<Event> {
        let entry = self.events.first_entry().filter(|entry| entry.key().0 <= now)?;
        let (lane, event) = entry.remove();
        if let Some(traffic) = self.lanes.get_mut(&lane) {
            traffic.count -= 1;
            if traffic.count == 0 {
                self.lanes.remove(&lane);
            }
        }
        Some(event)
    }

    /// Drops what is on its way from and to a connection that has ended. What has passed the broker arrives.
    pub(super) fn forget(&mut self, ended: u64) {
        let concerns = |lane: &Lane| match *lane {
            Lane::Up { client } => client == ended,
            Lane::Down { to, .. } => to == ended,
        };
        self.events.retain(|_, (lane, _)| !concerns(lane));
        self.lanes.retain(|lane, _| !concerns(lane));
    }

    /// What who has just pushed must do.
    pub(super) fn attention(&mut self) -> Attention {
        let Some(((next, _), _)) = self.events.first_key_value() else { return Attention::Unneeded };
        match self.watch {
            Watch::Nobody => {
                self.watch = Watch::Awake;
                Attention::Start
            }
            Watch::Until(at) if *next < at => {
                self.watch = Watch::Awake;
                Attention::Wake
            }
            Watch::Awake | Watch::Until(_) => Attention::Unneeded,
        }
    }

    /// Until when the task has to wait; `None` when it has to end.
    pub(super) fn wait(&mut self) -> Option<Instant> {
        let next = self.events.first_key_value().map(|((next, _), _)| *next);
        self.watch = next.map_or(Watch::Nobody, Watch::Until);
        next
    }

    /// The task is gone before its work was done, with its runtime.
    pub(super) fn abandon(&mut self) {
        self.watch = Watch::Nobody;
    }
}
