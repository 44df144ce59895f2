use std::time::Duration;

use tokio::time::Instant;

use super::Remote;
use crate::subject::{self, Subject};
use crate::transport::{Ticket, Watch};
use crate::wire::{Accept, DEFAULT_ACCEPT_AFTER_MS};

/// An answer or an ACCEPT is due so long after the ACCEPT would be sent, and so many round trips.
const SHORTEST_DUE: Duration = Duration::from_millis(100);
/// Later still it is too late.
const SHORTEST_GRACE: Duration = Duration::from_millis(750);
const ROUND_TRIPS: u32 = 4;
/// An ACCEPT for a call that was given up is waited for so long.
const LONGEST_TOMBSTONE: Duration = Duration::from_secs(10);

/// One sending of a call. When it is dropped before its end, the service is told to stop, as soon as it is known how.
pub(super) struct Attempt {
    /// Taken when dropped.
    ticket: Option<Ticket>,
    expected: Expected,
    watch: Option<Watch>,
    over: bool,
    /// Whether the time to its end is measured.
    sampled: bool,
    /// Whether another attempt was made because this one got no answer.
    pub(super) followed: bool,
    /// Whether it was looked after once more because this process had stood still.
    pub(super) looked_late: bool,
}

/// When what should come for a call.
#[derive(Debug, Clone, Copy)]
pub(super) struct Expected {
    /// Whether the service was asked for an ACCEPT.
    pub(super) asks: bool,
    pub(super) sent: Instant,
    pub(super) deadline: Option<Instant>,
    pub(super) rtt: Duration,
}

impl Expected {
    /// Until when an answer or an ACCEPT should have come.
    pub(super) fn due(&self) -> Instant {
        let accept_after = Duration::from_millis(DEFAULT_ACCEPT_AFTER_MS.into());
        self.sent + accept_after + (self.rtt * ROUND_TRIPS).max(SHORTEST_DUE)
    }

    /// When it is too late for one.
    pub(super) fn overdue(&self) -> Instant {
        self.due() + (self.rtt * ROUND_TRIPS).max(SHORTEST_GRACE)
    }

    /// When to look first.
    pub(super) fn alarm(&self) -> Option<Instant> {
        if self.asks { self.no_later_than_deadline(self.due()) } else { self.deadline }
    }

    fn no_later_than_deadline(&self, at: Instant) -> Option<Instant> {
        Some(self.deadline.map_or(at, |deadline| deadline.min(at)))
    }
}

impl Attempt {
    pub(super) fn new(ticket: Ticket, expected: Expected, sampled: bool) -> Self {
        Self {
            ticket: Some(ticket),
            expected,
            watch: None,
            over: false,
            sampled,
            followed: false,
            looked_late: false,
        }
    }

    pub(super) fn ticket(&self) -> &Ticket {
        self.ticket.as_ref().expect("it is taken only when dropped")
    }

    /// What is expected, given the round trip as it is known by now.
    pub(super) fn expected(&self, remote: &Remote) -> Expected {
        Expected { rtt: remote.rtt.get(), ..self.expected }
    }

    /// Looks again at this time, or at the deadline.
    pub(super) fn look_at(&self, at: Instant) {
        self.ticket().set_alarm(self.expected.no_later_than_deadline(at));
    }

    /// Looks again at the deadline only.
    pub(super) fn look_at_deadline(&self) {
        self.ticket().set_alarm(self.expected.deadline);
    }

    /// An instance has the call: from now on it is asked after it.
    pub(super) fn accepted(&mut self, accept: &Accept<'_>, subject: &Subject, remote: &Remote) {
        if self.watch.is_none() {
            let prefix = subject::prefix_of(subject);
            let (ticket, rtt) = (self.ticket(), remote.rtt.get());
            self.watch = Some(Watch::start(ticket, prefix, accept.instance, accept.handle, rtt));
            self.look_at_deadline();
        }
    }

    /// The instance that has the call, if it has said so.
    pub(super) fn instance(&self) -> Option<&str> {
        self.watch.as_ref().map(Watch::instance)
    }

    /// The service has ended the call, or it never began.
    pub(super) fn end(&mut self) {
        self.over = true;
    }

    /// The service has answered; its handler took `busy`.
    pub(super) fn answered(&mut self, remote: &Remote, busy: Duration) {
        self.end();
        // An accepted call may have waited for its service to connect again.
        if self.sampled && self.watch.is_none() {
            remote.rtt.sample(self.expected.sent.elapsed().saturating_sub(busy));
        }
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        if self.over {
            if let Some(watch) = &mut self.watch {
                watch.end();
            }
            return;
        }
        if self.watch.is_some() || !self.expected.asks {
            return;
        }
        let now = Instant::now();
        let until = self.expected.deadline.unwrap_or(now + LONGEST_TOMBSTONE).min(now + LONGEST_TOMBSTONE);
        if until > now
            && let Some(ticket) = self.ticket.take()
        {
            ticket.abandon(until);
        }
    }
}
