use bytes::Bytes;

use crate::metadata::Metadata;
use crate::raw::{Reply, ReplyBody};
use crate::spec::Method;
use crate::status::Status;

/// What a call came to, for all who wait for it.
pub(super) type Outcome = Result<OneReply, Status>;

/// The reply of a unary call.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct OneReply {
    pub(super) head: Metadata,
    pub(super) message: Bytes,
    pub(super) trailers: Metadata,
}

impl OneReply {
    /// # Errors
    /// UNIMPLEMENTED when it is a stream.
    pub(super) fn of(reply: Reply, method: &Method) -> Outcome {
        let (head, body) = reply.into_parts();
        match body {
            ReplyBody::Unary { message, trailers } => Ok(Self { head, message, trailers }),
            ReplyBody::Stream(_) => Err(Status::unimplemented(format!(
                "{method} has one response, and was answered with a stream of them"
            ))),
        }
    }
}

impl From<OneReply> for Reply {
    fn from(OneReply { head, message, trailers }: OneReply) -> Self {
        Self::new(head, ReplyBody::Unary { message, trailers })
    }
}
