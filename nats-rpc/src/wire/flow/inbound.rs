use super::{Counts, Fault, cost};
use crate::wire::{Data, DataFlags, FRAME_COST, MAX_MESSAGES, SHORTEST_CHUNK, SHORTEST_ROOM, Terminal};

/// So much is credited at once at most, however wide the window is: one part is made while others are on their way or
/// read, where halves of a wide window would only take turns.
const LONGEST_STEP: u64 = 128 * 1024;

/// So much of a window is used beside other calls, in any case.
const SHARED_WINDOW: u64 = 512 * 1024;

/// The direction that this side receives.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Inbound {
    received: u64,
    consumed: u64,
    credit: u64,
    window: u64,
    /// Whether only a part of the window is used.
    shares: bool,
    counts: Counts,
    /// What is still to come of a message in chunks.
    rest: u64,
    /// How much had been received before the first of its chunks.
    begun_at: u64,
    ended: bool,
}

/// What a DATA brings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Piece {
    /// Nothing: it has come before.
    Repeated,
    /// So many whole messages.
    Messages(usize),
    /// The first chunk of a message of this length.
    First(u64),
    /// Another chunk.
    Next,
    /// The last chunk.
    Last,
}

impl Inbound {
    /// The direction towards a server, whose OPEN brought `messages` of `received` bytes.
    #[must_use]
    pub fn requests(window: u64, received: u64, messages: u64) -> Self {
        let counts = Counts { frames: 0, messages };
        Self {
            received,
            consumed: 0,
            credit: window.max(received),
            window,
            shares: false,
            counts,
            rest: 0,
            begun_at: 0,
            ended: false,
        }
    }

    /// The direction towards a client, in which there is always credit for a HEAD.
    #[must_use]
    pub const fn responses(window: u64) -> Self {
        let counts = Counts { frames: 0, messages: 0 };
        Self {
            received: 0,
            consumed: 0,
            credit: window.saturating_add(FRAME_COST),
            window,
            shares: false,
            counts,
            rest: 0,
            begun_at: 0,
            ended: false,
        }
    }

    /// Its OPEN carried the first chunk of a message, of which so much is still to come.
    pub const fn begin_message(&mut self, rest: u64) {
        self.rest = rest;
    }

    /// Nothing more may come.
    pub const fn end(&mut self) {
        self.ended = true;
    }

    /// Whether the other side has half-closed.
    #[must_use]
    pub const fn has_ended(&self) -> bool {
        self.ended
    }

    /// How much credit has been used by what has arrived.
    #[must_use]
    pub const fn received(&self) -> u64 {
        self.received
    }

    /// How far the other side may send.
    #[must_use]
    pub const fn credit(&self) -> u64 {
        self.credit
    }

    /// How much may be on its way at once.
    #[must_use]
    pub const fn window(&self) -> u64 {
        self.window
    }

    /// Whether a message has begun and not ended.
    #[must_use]
    pub const fn is_within_message(&self) -> bool {
        self.rest > 0
    }

    /// Counts a HEAD. `false`: it has come before.
    ///
    /// # Errors
    /// A frame before it was lost, or it comes too late.
    pub fn head(&mut self, seq: u64) -> Result<bool, Fault> {
        if !self.is_next(seq)? {
            return Ok(false);
        }
        if self.counts.frames > 0 {
            return Err(Fault::Protocol("response metadata came after messages"));
        }
        self.count(0)?;
        Ok(true)
    }

    /// Counts a DATA with a body of this length.
    ///
    /// # Errors
    /// A frame before it was lost, it uses more credit than it may, or it may not come here.
    pub fn data(&mut self, data: &Data<'_>, body_len: usize) -> Result<Piece, Fault> {
        if !self.is_next(data.seq)? {
            return Ok(Piece::Repeated);
        }
        if self.ended {
            return Err(Fault::Protocol("a message came after the last one"));
        }
        let before = self.received;
        self.count(body_len)?;
        let piece = self.piece(data, body_len as u64)?;
        if matches!(piece, Piece::First(_)) {
            self.begun_at = before;
        }
        let messages = match piece {
            Piece::Messages(count) => count as u64,
            Piece::Last => 1,
            Piece::Repeated | Piece::First(_) | Piece::Next => 0,
        };
        self.counts.messages = self.counts.messages.saturating_add(messages);
        if data.flags.contains(DataFlags::END) {
            if self.rest > 0 {
                return Err(Fault::Protocol("the stream ended within a message"));
            }
            self.ended = true;
        }
        Ok(piece)
    }

    fn piece(&mut self, data: &Data<'_>, body_len: u64) -> Result<Piece, Fault> {
        let no_message = data.flags.contains(DataFlags::NO_MESSAGE);
        if self.rest > 0 {
            if no_message
                || data.total_len != 0
                || data.lens.len() != 0
                || body_len > self.rest
                || body_len == 0
            {
                return Err(Fault::Protocol("something came between the chunks of a message"));
            }
            self.rest -= body_len;
            return Ok(if self.rest == 0 { Piece::Last } else { Piece::Next });
        }
        if data.total_len != 0 {
            if no_message || data.lens.len() != 0 || body_len >= data.total_len {
                return Err(Fault::Protocol("the first chunk of a message is no chunk"));
            }
            self.rest = data.total_len - body_len;
            return Ok(Piece::First(data.total_len));
        }
        if data.lens.len() > MAX_MESSAGES {
            return Err(Fault::Protocol("a frame has more messages than it may"));
        }
        Ok(Piece::Messages(if no_message { 0 } else { data.lens.len().max(1) }))
    }

    /// Counts the TERMINAL. `false`: it has come before.
    ///
    /// # Errors
    /// A frame before it was lost, or the stream does not add up.
    pub fn terminal(&mut self, terminal: &Terminal<'_>) -> Result<bool, Fault> {
        if !self.is_next(terminal.seq)? {
            return Ok(false);
        }
        if terminal.messages != self.counts.messages || (self.rest > 0 && terminal.code == 0) {
            return Err(Fault::Protocol("the number of messages is not what the end of the stream says"));
        }
        self.ended = true;
        Ok(true)
    }

    fn is_next(&self, seq: u64) -> Result<bool, Fault> {
        if seq > self.counts.frames { Err(Fault::Lost) } else { Ok(seq == self.counts.frames) }
    }

    fn count(&mut self, body_len: usize) -> Result<(), Fault> {
        self.received = self.received.saturating_add(cost(body_len));
        self.counts.frames += 1;
        if self.received > self.credit {
            return Err(Fault::Protocol("more came than was allowed"));
        }
        Ok(())
    }

    /// Allows the rest of a message that has begun, unless the reader has not taken all that came before it: what is
    /// allowed for one message lets the next one begin, so that a reader who stands still would get them all. Returns
    /// the credit to be announced. Has to be asked after each of its chunks.
    pub const fn allow_message(&mut self) -> Option<u64> {
        if !self.is_message_due() {
            return None;
        }
        self.credit = self.whole_message();
        Some(self.credit)
    }

    /// Whether the reader waits for the rest of a message that was not allowed.
    const fn is_message_due(&self) -> bool {
        self.rest > 0 && self.consumed >= self.begun_at && self.whole_message() > self.credit
    }

    /// The credit that it takes to receive a message that has begun.
    const fn whole_message(&self) -> u64 {
        let frames = self.rest.div_ceil(SHORTEST_CHUNK).saturating_add(1);
        self.received.saturating_add(self.rest).saturating_add(frames.saturating_mul(FRAME_COST))
    }

    /// The reader has taken what cost so much. Returns whether it is time to [`grant`](Self::grant) more.
    ///
    /// Not before half of the window is free, or 128 KiB, unless the other side has to complete the message that
    /// is next, or may be unable to send anything while nothing is left to read. For a message of up to a quarter of the
    /// window it waits rather than to send it in chunks.
    pub const fn consume(&mut self, cost: u64) -> bool {
        self.consumed = self.consumed.saturating_add(cost);
        let upto = self.consumed.saturating_add(self.used_window());
        let half = self.window / 2;
        let step = if half < LONGEST_STEP { half } else { LONGEST_STEP };
        let is_worth_it = upto >= self.credit.saturating_add(step);
        let quarter = self.window / 4;
        let room = if quarter > SHORTEST_ROOM { quarter } else { SHORTEST_ROOM };
        let is_read = self.consumed >= self.received;
        let is_short = is_read && self.credit.saturating_sub(self.received) < room + FRAME_COST;
        (upto > self.credit && (is_worth_it || is_short)) || self.is_message_due()
    }

    /// Lets the other side fill the window again, and complete the message that is next. Returns the credit to be
    /// announced.
    pub fn grant(&mut self) -> u64 {
        self.credit = self.credit.max(self.consumed.saturating_add(self.used_window()));
        self.allow_message().unwrap_or(self.credit)
    }

    /// From now on so much more may be on its way at once.
    pub const fn widen(&mut self, by: u64) {
        self.window = self.window.saturating_add(by);
    }

    /// Whether other calls need the connection, too: what is on its way for a stream is before what comes for them, so that
    /// a wide window is used only in part.
    pub const fn share(&mut self, shares: bool) {
        self.shares = shares;
    }

    const fn used_window(&self) -> u64 {
        if self.shares { shared(self.window) } else { self.window }
    }

    /// Compares with what the other side has sent by now, when everything before has arrived.
    ///
    /// # Errors
    /// Something was lost.
    pub const fn audit(&self, sent: u64) -> Result<(), Fault> {
        if sent > self.received { Err(Fault::Lost) } else { Ok(()) }
    }
}

/// How much of a window is used beside other calls: half of it, or 512 KiB.
#[must_use]
pub const fn shared(window: u64) -> u64 {
    let half = window / 2;
    if window <= SHARED_WINDOW {
        window
    } else if half < SHARED_WINDOW {
        SHARED_WINDOW
    } else {
        half
    }
}

#[cfg(test)]
mod tests;
