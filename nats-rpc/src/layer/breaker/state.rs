use std::fmt;

/// What a breaker does with the calls of a method: one value at a time.
///
/// Display gives a word for labels, such as `half_open`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BreakerState {
    /// Calls go through, and are counted.
    Closed,
    /// Calls are rejected, because too many have failed.
    Open,
    /// One call at a time goes through to try, the others are rejected.
    HalfOpen,
    /// The trials succeeded: a share of the calls goes through that grows to all of them.
    Ramp,
    /// Calls are rejected until [`reset`](super::CircuitHandle::reset), because somebody said so.
    Isolated,
    /// Calls go through until [`reset`](super::CircuitHandle::reset) whatever fails, because somebody said so.
    ForcedClosed,
}

impl BreakerState {
    /// The word that Display writes.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open => "open",
            Self::HalfOpen => "half_open",
            Self::Ramp => "ramp",
            Self::Isolated => "isolated",
            Self::ForcedClosed => "forced_closed",
        }
    }
}

impl fmt::Display for BreakerState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
