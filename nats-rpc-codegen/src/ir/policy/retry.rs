use std::time::Duration;

use super::Code;

/// When a failed call is made again.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Retry {
    /// Not at all.
    pub off: bool,
    /// Attempts, the first one included.
    pub max_attempts: Option<u32>,
    /// The longest wait before the second attempt.
    pub initial_backoff: Option<Duration>,
    /// The longest wait before any attempt.
    pub max_backoff: Option<Duration>,
    /// By what the longest wait grows.
    pub backoff_multiplier: Option<f64>,
    /// After which codes; none are the default.
    pub retryable_codes: Vec<Code>,
}

impl Retry {
    /// [`initial_backoff`](Self::initial_backoff) of a policy that names none.
    pub const INITIAL_BACKOFF: Duration = Duration::from_millis(20);
    /// [`max_backoff`](Self::max_backoff) of a policy that names none.
    pub const MAX_BACKOFF: Duration = Duration::from_secs(1);
}
