use std::hint::spin_loop;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

/// What a handler does before it answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Work {
    Nothing,
    /// Keeps the processor busy for a millisecond.
    Burn,
}

impl Work {
    pub(super) fn run(self) {
        if self == Self::Burn {
            let begin = Instant::now();
            while begin.elapsed() < Duration::from_millis(1) {
                spin_loop();
            }
        }
    }
}
