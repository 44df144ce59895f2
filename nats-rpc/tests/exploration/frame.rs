//! What is on its way.

use nats_rpc::wire::{Data, DataFlags};

/// A frame of `docs/wire.md`, with what counts of it. The OPEN goes another way, and all of it is in the set-up.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Frame {
    Accept {
        credit: u64,
    },
    Head {
        seq: u64,
    },
    Data {
        seq: u64,
        part: Option<Part>,
        end: bool,
    },
    Credit {
        upto: u64,
    },
    Cancel,
    Terminal {
        seq: u64,
        messages: u64,
        ok: bool,
    },
    /// Lists the call, or not.
    Ping(Option<Entry>),
    Pong(Answer),
}

/// What a DATA carries of one message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Part {
    /// Which message, and from which byte on: the contents, as it were. The ends never look at it to decide anything.
    pub(crate) message: u8,
    pub(crate) from: u16,
    pub(crate) len: u16,
    /// In the first chunk of several, the length of all.
    pub(crate) total: u16,
}

/// What one end knows of the call, for the other to compare with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Entry {
    pub(crate) sent: u64,
    pub(crate) received: u64,
    pub(crate) credit: u64,
}

/// What a PONG says of the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Answer {
    /// It was listed, and is held.
    Held(Entry),
    /// It was listed, and is not held.
    Unknown,
    /// It was not listed, and is held.
    Unlisted,
    Nothing,
}

/// The header of a DATA.
pub(crate) fn header(seq: u64, part: Option<Part>, end: bool) -> Data<'static> {
    let mut flags = DataFlags(0);
    if part.is_none() {
        flags.0 |= DataFlags::NO_MESSAGE.0;
    }
    if end {
        flags.0 |= DataFlags::END.0;
    }
    Data { seq, flags, total_len: part.map_or(0, |part| part.total.into()), ..Data::default() }
}
