//! Compression of messages.

/// How the messages of a frame are compressed, each by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u32)]
pub enum Encoding {
    /// Not at all.
    Identity = 0,
    /// gzip, RFC 1952.
    Gzip = 1,
    /// zlib, RFC 1950, which HTTP calls deflate.
    Deflate = 2,
    /// Zstandard, RFC 8878.
    Zstd = 3,
}

impl Encoding {
    /// The encoding of this number, if version 1 has it.
    #[must_use]
    pub const fn from_number(number: u32) -> Option<Self> {
        Some(match number {
            0 => Self::Identity,
            1 => Self::Gzip,
            2 => Self::Deflate,
            3 => Self::Zstd,
            _ => return None,
        })
    }

    /// The number of the encoding.
    #[must_use]
    pub const fn number(self) -> u32 {
        self as u32
    }

    /// Its bit in `accept_encodings`; identity needs none.
    #[must_use]
    pub const fn bit(self) -> u32 {
        match self {
            Self::Identity => 0,
            other => 1 << (other as u32 - 1),
        }
    }
}
