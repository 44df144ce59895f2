//! What can be wrong with bytes that came in, and with a header that is to go out.

use std::fmt;

/// Bytes that are not a frame of version 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed {
    /// The frame or message in which it was found, by its name in the specification.
    pub place: &'static str,
    /// The number of the field, or 0 if it is not a matter of one field.
    pub field: u32,
    /// What is wrong.
    pub reason: Reason,
}

impl Malformed {
    pub(crate) const fn new(place: &'static str, field: u32, reason: Reason) -> Self {
        Self { place, field, reason }
    }
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.field {
            0 => write!(f, "malformed {}: {}", self.place, self.reason.as_str()),
            field => write!(f, "malformed {}, field {field}: {}", self.place, self.reason.as_str()),
        }
    }
}

impl std::error::Error for Malformed {}

/// The classes of what can be wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reason {
    /// The first byte is not the version.
    Version,
    /// The bytes end inside something.
    Truncated,
    /// The header is longer than a header may be.
    HeaderTooLarge,
    /// A varint does not end, or is over 64 bits.
    Varint,
    /// A field has number 0 or one over 29 bits.
    FieldNumber,
    /// A field has a wire type that is not its own, or a group.
    WireType,
    /// A number is too large for its field.
    Range,
    /// Text is not UTF-8.
    Utf8,
    /// A metadata key is empty or has other characters than it may.
    Key,
    /// An instance id is too long or has other characters than it may.
    Instance,
    /// Lists that belong together have different lengths, or a list is too long.
    Count,
    /// The lengths of the messages are not the length of the body.
    Lens,
    /// A frame that may not be inside another one.
    Nested,
}

impl Reason {
    /// Every class.
    pub const ALL: [Self; 13] = [
        Self::Version,
        Self::Truncated,
        Self::HeaderTooLarge,
        Self::Varint,
        Self::FieldNumber,
        Self::WireType,
        Self::Range,
        Self::Utf8,
        Self::Key,
        Self::Instance,
        Self::Count,
        Self::Lens,
        Self::Nested,
    ];

    /// The name that the test vectors use.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Version => "VERSION",
            Self::Truncated => "TRUNCATED",
            Self::HeaderTooLarge => "HEADER_TOO_LARGE",
            Self::Varint => "VARINT",
            Self::FieldNumber => "FIELD_NUMBER",
            Self::WireType => "WIRE_TYPE",
            Self::Range => "RANGE",
            Self::Utf8 => "UTF8",
            Self::Key => "KEY",
            Self::Instance => "INSTANCE",
            Self::Count => "COUNT",
            Self::Lens => "LENS",
            Self::Nested => "NESTED",
        }
    }

    /// A sentence part for people.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Version => "the first byte is not a version that is spoken here",
            Self::Truncated => "the bytes end too early",
            Self::HeaderTooLarge => "the header is over 16 KiB",
            Self::Varint => "a varint is over 64 bits",
            Self::FieldNumber => "a field number is out of range",
            Self::WireType => "the wire type is not the field's",
            Self::Range => "a number is too large for its field",
            Self::Utf8 => "text is not UTF-8",
            Self::Key => "a metadata key is not of [0-9a-z_.-]+",
            Self::Instance => "an instance id is not 1 to 64 of [0-9A-Za-z_-]",
            Self::Count => "a list has a wrong number of entries",
            Self::Lens => "the message lengths do not add up to the body",
            Self::Nested => "a frame of this kind may not be inside another",
        }
    }
}

/// A header that would be over 16 KiB; nothing was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeaderTooLarge {
    /// What its length would be, in bytes.
    pub len: usize,
}

impl fmt::Display for HeaderTooLarge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a header of {} bytes is over the limit of {}", self.len, super::MAX_HEADER)
    }
}

impl std::error::Error for HeaderTooLarge {}
