use std::time::Duration;

use super::Code;

/// When a call is sent again before the first answer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Hedge {
    /// Not at all.
    pub off: bool,
    /// Attempts, the first one included.
    pub max_attempts: Option<u32>,
    /// How long an answer is waited for.
    pub delay: Option<Duration>,
    /// After which codes the next attempt is made at once; none are the default.
    pub non_fatal_codes: Vec<Code>,
}
