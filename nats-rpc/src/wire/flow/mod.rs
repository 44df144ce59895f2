//! The counting of a stream's frames, one direction each: what may be sent, and what may have come.
//!
//! Everything that can go wrong on the way shows in these numbers. They know nothing of time or of messages' contents.
//! The other side's numbers may be any: those that count up stay at the largest.

mod inbound;
mod outbound;

use std::fmt;

pub use inbound::{Inbound, Piece, shared};
pub use outbound::Outbound;

use super::FRAME_COST;

/// What the frames of one direction have come to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Counts {
    /// HEAD and DATA frames.
    pub frames: u64,
    /// Whole messages.
    pub messages: u64,
}

/// What ends a stream before its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fault {
    /// A frame did not arrive.
    Lost,
    /// A frame that may not come, and why.
    Protocol(&'static str),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lost => f.write_str("a frame was lost on the way"),
            Self::Protocol(what) => f.write_str(what),
        }
    }
}

/// What a frame with a body of this length takes of its direction's credit.
#[must_use]
pub const fn cost(body_len: usize) -> u64 {
    (body_len as u64).saturating_add(FRAME_COST)
}
