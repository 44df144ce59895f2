use std::time::Duration;

/// When calls are given up at once.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Breaker {
    /// Not at all.
    pub off: bool,
    /// The share of the latest calls that must have failed.
    pub failure_ratio: Option<f64>,
    /// How many calls there must have been.
    pub min_calls: Option<u32>,
    /// How long calls are given up.
    pub open: Option<Duration>,
    /// The longest that it grows to.
    pub max_open: Option<Duration>,
}

impl Breaker {
    /// [`open`](Self::open) of a policy that names none.
    pub const OPEN: Duration = Duration::from_secs(1);
    /// [`max_open`](Self::max_open) of a policy that names none.
    pub const MAX_OPEN: Duration = Duration::from_secs(3);
}
