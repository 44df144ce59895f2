use std::ops::RangeInclusive;
use std::time::Duration;

use rand::RngExt;
use rand::rngs::StdRng;

use crate::subject::matches;

/// What happens to messages between one connection and another. What a connection sends to itself is spared: it never
/// leaves its node, and nothing could be set up otherwise.
///
/// Each subscriber's copy has a fate of its own. Loss is silent, as it is in NATS: a request that is lost gives no 503.
/// Without [`reorder`](Self::reorder), what one connection publishes reaches another connection in order, however
/// late: a message waits for a late one before it.
#[derive(Debug, Clone, Default)]
#[must_use]
pub struct Faults {
    pattern: Option<String>,
    from: Option<String>,
    to: Option<String>,
    lose: f64,
    duplicate: f64,
    delay: f64,
    delays: Option<RangeInclusive<Duration>>,
    reorder: bool,
}

impl Faults {
    /// None yet, for messages of every subject between all connections.
    pub fn new() -> Self {
        Self::default()
    }

    /// Only messages whose subject, as the subscriber sees it, matches `pattern`.
    pub fn on(mut self, pattern: impl Into<String>) -> Self {
        self.pattern = Some(pattern.into());
        self
    }

    /// Only what connections of this name publish.
    pub fn from(mut self, name: impl Into<String>) -> Self {
        self.from = Some(name.into());
        self
    }

    /// Only what connections of this name receive.
    pub fn to(mut self, name: impl Into<String>) -> Self {
        self.to = Some(name.into());
        self
    }

    /// The probability, from 0 to 1, that a message is lost.
    pub fn lose(mut self, probability: f64) -> Self {
        self.lose = probability.clamp(0.0, 1.0);
        self
    }

    /// The probability, from 0 to 1, that a message that is not lost arrives twice.
    pub fn duplicate(mut self, probability: f64) -> Self {
        self.duplicate = probability.clamp(0.0, 1.0);
        self
    }

    /// The probability, from 0 to 1, that a message is late, and by how much.
    pub fn delay(mut self, probability: f64, by: RangeInclusive<Duration>) -> Self {
        self.delay = probability.clamp(0.0, 1.0);
        self.delays = (!by.is_empty()).then_some(by);
        self
    }

    /// Lets messages of different subscriptions of one connection overtake each other, as they do after a reconnect.
    /// Those of one subscription stay in order. Off by default.
    pub fn reorder(mut self, on: bool) -> Self {
        self.reorder = on;
        self
    }

    pub(super) fn applies(&self, subject: &str, from: &str, to: &str) -> bool {
        self.pattern.as_deref().is_none_or(|pattern| matches(pattern, subject))
            && self.from.as_deref().is_none_or(|name| name == from)
            && self.to.as_deref().is_none_or(|name| name == to)
    }

    pub(super) fn reorders(&self) -> bool {
        self.reorder
    }

    /// How many times a message arrives.
    pub(super) fn draw_copies(&self, rng: &mut StdRng) -> u8 {
        if rng.random_bool(self.lose) { 0 } else { 1 + u8::from(rng.random_bool(self.duplicate)) }
    }

    /// How late one of them is.
    pub(super) fn draw_delay(&self, rng: &mut StdRng) -> Duration {
        match &self.delays {
            Some(delays) if rng.random_bool(self.delay) => rng.random_range(delays.clone()),
            _ => Duration::ZERO,
        }
    }
}
