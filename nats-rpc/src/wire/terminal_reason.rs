//! Why the server's side of the library, and not the handler, ended a call.

/// Who made the status of a TERMINAL, and why.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum TerminalReason {
    /// The handler, or a layer of the server's user.
    #[default]
    Handler,
    /// The handler panicked.
    Panic,
    /// The deadline passed.
    Deadline,
    /// The caller gave up.
    Cancelled,
    /// A message does not decode.
    Decode,
    /// A message does not encode.
    Encode,
    /// A message is larger than its limit.
    TooLarge,
    /// There are too many messages or too few.
    Cardinality,
    /// A frame did not arrive.
    FrameLost,
    /// A frame that may not come here or now.
    Protocol,
    /// The server stops and no longer waits.
    Shutdown,
    /// The instance serves the method but has no implementation of it.
    Unimplemented,
    /// A number that is not known here.
    Unknown(u32),
}

impl TerminalReason {
    /// The reason of this number.
    #[must_use]
    pub const fn from_number(number: u32) -> Self {
        match number {
            0 => Self::Handler,
            1 => Self::Panic,
            2 => Self::Deadline,
            3 => Self::Cancelled,
            4 => Self::Decode,
            5 => Self::Encode,
            6 => Self::TooLarge,
            7 => Self::Cardinality,
            8 => Self::FrameLost,
            9 => Self::Protocol,
            10 => Self::Shutdown,
            11 => Self::Unimplemented,
            number => Self::Unknown(number),
        }
    }

    /// The number of the reason.
    #[must_use]
    pub const fn number(self) -> u32 {
        match self {
            Self::Handler => 0,
            Self::Panic => 1,
            Self::Deadline => 2,
            Self::Cancelled => 3,
            Self::Decode => 4,
            Self::Encode => 5,
            Self::TooLarge => 6,
            Self::Cardinality => 7,
            Self::FrameLost => 8,
            Self::Protocol => 9,
            Self::Shutdown => 10,
            Self::Unimplemented => 11,
            Self::Unknown(number) => number,
        }
    }
}
