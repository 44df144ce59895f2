use std::fmt;

/// Why a breaker went from one [`BreakerState`](super::BreakerState) to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BreakerCause {
    /// It opened: the share of failures in the last 10 s reached the limit.
    FailureRatio {
        /// Calls that failed.
        failures: u64,
        /// Calls that succeeded or failed.
        calls: u64,
    },
    /// It opened: calls have failed for a second, and none has succeeded meanwhile.
    NoSuccess {
        /// Calls that failed since the last one that succeeded.
        failures: u64,
    },
    /// It opened again: the call that tried the service failed.
    ProbeFailed,
    /// It opened again: the call that tried the service took too long.
    ProbeOverdue,
    /// The time was over for which it was open.
    Waited,
    /// The calls that tried the service succeeded.
    ProbesSucceeded,
    /// The share of calls that go through had grown to all of them.
    RampEnded,
    /// Somebody said so, with a [`CircuitHandle`](super::CircuitHandle).
    Manual,
}

impl fmt::Display for BreakerCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::FailureRatio { failures, calls } => write!(f, "{failures} of {calls} calls failed"),
            Self::NoSuccess { failures } => {
                write!(f, "none succeeded for a second, in which {failures} calls failed")
            }
            Self::ProbeFailed => f.write_str("the call that tried the service failed"),
            Self::ProbeOverdue => f.write_str("the call that tried the service took too long"),
            Self::Waited => f.write_str("time to try the service"),
            Self::ProbesSucceeded => f.write_str("the calls that tried the service succeeded"),
            Self::RampEnded => f.write_str("all calls go through again"),
            Self::Manual => f.write_str("by hand"),
        }
    }
}
