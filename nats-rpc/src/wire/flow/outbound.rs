use super::{Counts, cost};
use crate::wire::FRAME_COST;

/// The direction that this side sends.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Outbound {
    sent: u64,
    credit: u64,
    counts: Counts,
}

impl Outbound {
    /// The direction towards a server, whose OPEN carried `messages` of `sent` bytes. It may go on when it is accepted.
    #[must_use]
    pub const fn requests(sent: u64, messages: u64) -> Self {
        Self { sent, credit: sent, counts: Counts { frames: 0, messages } }
    }

    /// The direction towards a client that allows so much, and a HEAD besides.
    #[must_use]
    pub const fn responses(window: u64) -> Self {
        Self { sent: 0, credit: window.saturating_add(FRAME_COST), counts: Counts { frames: 0, messages: 0 } }
    }

    /// The longest body that may be sent now; `None`: not even an empty one.
    #[must_use]
    pub const fn room(&self) -> Option<u64> {
        self.credit.saturating_sub(self.sent).checked_sub(FRAME_COST)
    }

    /// How much credit has been used.
    #[must_use]
    pub const fn sent(&self) -> u64 {
        self.sent
    }

    /// What has been sent.
    #[must_use]
    pub const fn counts(&self) -> Counts {
        self.counts
    }

    /// Counts a HEAD or DATA with a body of this length, which completes so many messages. Returns its `seq`.
    pub fn send(&mut self, body_len: usize, messages: u64) -> u64 {
        let seq = self.counts.frames;
        self.sent = self.sent.saturating_add(cost(body_len));
        self.counts.frames += 1;
        self.counts.messages = self.counts.messages.saturating_add(messages);
        seq
    }

    /// Takes over what the other side allows. Returns whether that is more than before.
    pub const fn allow(&mut self, upto: u64) -> bool {
        let more = upto > self.credit;
        if more {
            self.credit = upto;
        }
        more
    }
}
