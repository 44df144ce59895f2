use std::fmt;

use bytes::Bytes;

use crate::call::EventStream;
use crate::metadata::Metadata;

/// What comes back from a call that succeeded so far, encoded.
#[derive(Debug)]
pub struct Reply {
    metadata: Metadata,
    body: ReplyBody,
}

/// What follows a reply's metadata.
pub enum ReplyBody {
    /// One encoded message and the trailers: the call is over.
    Unary {
        /// The message.
        message: Bytes,
        /// The metadata after it.
        trailers: Metadata,
    },
    /// Messages, then trailers or an error.
    Stream(EventStream),
}

impl Reply {
    /// Creates a reply.
    #[must_use]
    pub fn new(metadata: Metadata, body: ReplyBody) -> Self {
        Self { metadata, body }
    }

    /// The response metadata.
    #[must_use]
    pub fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// What follows.
    #[must_use]
    pub fn body(&self) -> &ReplyBody {
        &self.body
    }

    /// Both parts.
    #[must_use]
    pub fn into_parts(self) -> (Metadata, ReplyBody) {
        (self.metadata, self.body)
    }
}

impl fmt::Debug for ReplyBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unary { message, trailers } => {
                f.debug_struct("Unary").field("bytes", &message.len()).field("trailers", trailers).finish()
            }
            Self::Stream(_) => f.write_str("Stream"),
        }
    }
}
