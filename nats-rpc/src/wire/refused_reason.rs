//! Why a call was not handed to its handler, and what follows from it.

/// Why a call was refused. Whatever the reason, the handler did not run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RefusedReason {
    /// The version is not spoken here.
    Version,
    /// This kind of opening, or this shape of call, is not taken here.
    Kind,
    /// The frame does not decode.
    Malformed,
    /// The method is not served here.
    Method,
    /// It lay somewhere for longer than its caller waited.
    Stale,
    /// The instance is on its way out.
    Draining,
    /// There are as many streams as there may be.
    StreamLimit,
    /// There is no room for another window or reassembly.
    Pool,
    /// There is more work than can be done.
    Overloaded,
    /// The import through which it came does not let its answer through.
    Import,
    /// The message is larger than the receiver takes.
    TooLarge,
    /// The message is compressed in a way that is not known here.
    Encoding,
    /// The deadline passed while the call waited.
    Expired,
    /// A number that is not known here.
    Unknown(u32),
}

/// What a client does about a refusal, by itself, while the deadline lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Retry {
    /// Nothing.
    Never,
    /// Repeats as if transparent, with `sent` corrected by the server's clock.
    Corrected,
    /// Repeats: at most two such repeats in a call.
    Transparent,
    /// Repeats if the call's retry policy says so, and not before `retry_after_ms`.
    Policy,
}

impl RefusedReason {
    /// The reason of this number.
    #[must_use]
    pub const fn from_number(number: u32) -> Self {
        match number {
            1 => Self::Version,
            2 => Self::Kind,
            3 => Self::Malformed,
            4 => Self::Method,
            5 => Self::Stale,
            6 => Self::Draining,
            7 => Self::StreamLimit,
            8 => Self::Pool,
            9 => Self::Overloaded,
            10 => Self::Import,
            11 => Self::TooLarge,
            12 => Self::Encoding,
            13 => Self::Expired,
            number => Self::Unknown(number),
        }
    }

    /// The number of the reason.
    #[must_use]
    pub const fn number(self) -> u32 {
        match self {
            Self::Version => 1,
            Self::Kind => 2,
            Self::Malformed => 3,
            Self::Method => 4,
            Self::Stale => 5,
            Self::Draining => 6,
            Self::StreamLimit => 7,
            Self::Pool => 8,
            Self::Overloaded => 9,
            Self::Import => 10,
            Self::TooLarge => 11,
            Self::Encoding => 12,
            Self::Expired => 13,
            Self::Unknown(number) => number,
        }
    }

    /// The status code that the caller sees.
    #[must_use]
    pub const fn code(self) -> u32 {
        match self {
            Self::Expired => 4,
            Self::StreamLimit | Self::Pool | Self::Overloaded | Self::Import | Self::TooLarge => 8,
            Self::Kind | Self::Method | Self::Encoding => 12,
            Self::Version | Self::Malformed => 13,
            Self::Stale | Self::Draining | Self::Unknown(_) => 14,
        }
    }

    /// What the client does about it.
    #[must_use]
    pub const fn retry(self) -> Retry {
        match self {
            Self::Stale => Retry::Corrected,
            Self::Draining => Retry::Transparent,
            Self::StreamLimit | Self::Pool | Self::Overloaded | Self::Unknown(_) => Retry::Policy,
            Self::Version
            | Self::Kind
            | Self::Malformed
            | Self::Method
            | Self::Import
            | Self::TooLarge
            | Self::Encoding
            | Self::Expired => Retry::Never,
        }
    }
}
