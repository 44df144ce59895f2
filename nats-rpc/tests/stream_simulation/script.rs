//! What both sides of a call do.

use std::time::Duration;

use nats_rpc::{Code, Kind};

/// What the streams of requests that fail, fail with.
pub(crate) const REQUESTS_FAIL: Code = Code::Aborted;
/// What handlers that fail, fail with.
pub(crate) const HANDLERS_FAIL: Code = Code::FailedPrecondition;

const MILLISECOND: Duration = Duration::from_millis(1);

/// One call, from its beginning to its end.
#[derive(Debug, Clone)]
pub(crate) struct Script {
    pub(crate) id: usize,
    pub(crate) kind: Kind,
    pub(crate) idempotent: bool,
    pub(crate) client: usize,
    pub(crate) begins: Duration,
    pub(crate) timeout: Option<Duration>,
    pub(crate) gives_up: Option<GivesUp>,
    pub(crate) requests: Sending,
    /// Whether the caller reads only when all its requests are taken.
    pub(crate) half_duplex: bool,
    /// How the caller reads.
    pub(crate) reading: Pace,
    pub(crate) handling: Handling,
    /// Whether there is response metadata.
    pub(crate) head: bool,
    pub(crate) responses: Sending,
}

/// When a caller drops everything that it has of its call.
#[derive(Debug, Clone, Copy)]
pub(crate) enum GivesUp {
    After(Duration),
    /// After so many responses.
    AfterMessages(usize),
}

/// Messages of one direction.
#[derive(Debug, Clone)]
pub(crate) struct Sending {
    pub(crate) sizes: Vec<usize>,
    pub(crate) pace: Pace,
    pub(crate) end: End,
}

/// How one direction ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    Well,
    Fails,
    Panics,
    Never,
}

/// Pauses before messages.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Pace {
    None,
    Each(Duration),
    /// Once, before this message or before the end.
    Once(usize, Duration),
}

/// What a handler does with its requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Handling {
    /// Reads all, then responds.
    ReadsFirst,
    /// Reads one before each response, and the rest before the end.
    Echoes,
    /// Reads in a task of its own, and does not wait for it.
    InTask,
    /// Reads so many, and drops the stream before it responds.
    Drops(usize),
    /// Reads so many, and keeps the stream unread while it responds.
    Holds(usize),
}

impl Pace {
    pub(crate) fn before(self, n: usize) -> Duration {
        match self {
            Self::Each(pause) => pause,
            Self::Once(at, pause) if at == n => pause,
            Self::None | Self::Once(..) => Duration::ZERO,
        }
    }

    /// Timers have a millisecond each.
    fn total(self, count: usize) -> Duration {
        (0..=count)
            .map(|n| self.before(n))
            .filter(|pause| !pause.is_zero())
            .map(|pause| pause + MILLISECOND)
            .sum()
    }
}

impl Sending {
    pub(crate) fn longest_message(&self) -> usize {
        self.sizes.iter().copied().max().unwrap_or_default()
    }

    /// How long it takes at most until all is sent, if nothing on the other side holds it up.
    pub(crate) fn longest_time(&self, round_trip: Duration, window: u64) -> Duration {
        let count = self.sizes.len();
        let cost = (self.sizes.iter().sum::<usize>() + 1024 * count) as u64;
        let round_trips = 2 * cost.div_ceil(window) + 2 * count as u64 + 4;
        self.pace.total(count) + round_trip * u32::try_from(round_trips).unwrap()
    }
}

impl Script {
    pub(crate) fn streams_requests(&self) -> bool {
        matches!(self.kind, Kind::ClientStreaming | Kind::BidiStreaming)
    }

    pub(crate) fn streams_responses(&self) -> bool {
        matches!(self.kind, Kind::ServerStreaming | Kind::BidiStreaming)
    }

    /// Whether the handler waits for the end of the requests before it ends itself.
    pub(crate) fn reads_to_the_end(&self) -> bool {
        matches!(self.handling, Handling::ReadsFirst | Handling::Echoes)
    }

    /// Whether nothing but a deadline or its caller ends it.
    pub(crate) fn hangs(&self) -> bool {
        self.responses.end == End::Never
            || self.requests.end == End::Never && self.streams_requests() && self.reads_to_the_end()
    }

    /// How long it takes at most when all is well, with round trips that take so long and first windows of this size.
    pub(crate) fn longest(&self, round_trip: Duration, window: u64) -> Duration {
        self.reading.total(self.responses.sizes.len())
            + self.requests.longest_time(round_trip, window)
            + self.responses.longest_time(round_trip, window)
    }
}
