//! What a frame is: its second byte.

/// The kind of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Kind {
    /// Starts a call.
    Open = 0x01,
    /// Several openings in one NATS message.
    Batch = 0x02,
    /// Several frames for one client connection in one NATS message.
    Pack = 0x03,
    /// The server has the call and says how to reach it.
    Accept = 0x04,
    /// The call was not handed to its handler.
    Refused = 0x05,
    /// Response metadata, ahead of the first message.
    Head = 0x06,
    /// Messages of a stream, a piece of a large message, or a half-close.
    Data = 0x07,
    /// How far the other side may send.
    Credit = 0x08,
    /// The client gives calls up.
    Cancel = 0x09,
    /// The end of a call: status, trailers, totals.
    Terminal = 0x0a,
    /// Is anybody there, and what do you know of these calls.
    Ping = 0x0b,
    /// The answer to a PING.
    Pong = 0x0c,
    /// An instance leaves its queue group, or comes back.
    Leaving = 0x81,
    /// Keeps the way of an idle stream open.
    KeepAlive = 0x82,
    /// Nothing; a barrier or a filler.
    Noop = 0x83,
}

impl Kind {
    /// Every kind of version 1.
    pub const ALL: [Self; 15] = [
        Self::Open,
        Self::Batch,
        Self::Pack,
        Self::Accept,
        Self::Refused,
        Self::Head,
        Self::Data,
        Self::Credit,
        Self::Cancel,
        Self::Terminal,
        Self::Ping,
        Self::Pong,
        Self::Leaving,
        Self::KeepAlive,
        Self::Noop,
    ];

    /// The kind that this byte names, if version 1 has it.
    #[must_use]
    pub const fn from_byte(byte: u8) -> Option<Self> {
        Some(match byte {
            0x01 => Self::Open,
            0x02 => Self::Batch,
            0x03 => Self::Pack,
            0x04 => Self::Accept,
            0x05 => Self::Refused,
            0x06 => Self::Head,
            0x07 => Self::Data,
            0x08 => Self::Credit,
            0x09 => Self::Cancel,
            0x0a => Self::Terminal,
            0x0b => Self::Ping,
            0x0c => Self::Pong,
            0x81 => Self::Leaving,
            0x82 => Self::KeepAlive,
            0x83 => Self::Noop,
            _ => return None,
        })
    }

    /// The byte of this kind.
    #[must_use]
    pub const fn as_byte(self) -> u8 {
        self as u8
    }

    /// Whether a receiver that does not know this kind drops it and goes on.
    #[must_use]
    pub const fn is_ignorable(byte: u8) -> bool {
        byte & 0x80 != 0
    }

    /// The name in the specification.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Open => "OPEN",
            Self::Batch => "BATCH",
            Self::Pack => "PACK",
            Self::Accept => "ACCEPT",
            Self::Refused => "REFUSED",
            Self::Head => "HEAD",
            Self::Data => "DATA",
            Self::Credit => "CREDIT",
            Self::Cancel => "CANCEL",
            Self::Terminal => "TERMINAL",
            Self::Ping => "PING",
            Self::Pong => "PONG",
            Self::Leaving => "LEAVING",
            Self::KeepAlive => "KEEPALIVE",
            Self::Noop => "NOOP",
        }
    }
}
