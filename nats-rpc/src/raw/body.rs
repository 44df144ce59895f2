use std::fmt;

use bytes::Bytes;

use crate::call::MessageStream;

/// What a call sends.
pub enum Body {
    /// One encoded message.
    Unary(Bytes),
    /// Encoded messages, one after the other.
    Stream(MessageStream),
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unary(message) => write!(f, "Unary({} bytes)", message.len()),
            Self::Stream(_) => f.write_str("Stream"),
        }
    }
}
