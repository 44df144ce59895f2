//! Requests as the service shows them: each in an `Any`.

use prost::Message;
use prost_types::Any;

use super::proto::{
    BidiStreamRequest, ClientStreamRequest, ConformancePayload, IdempotentUnaryRequest, ServerStreamRequest,
    UnaryRequest, conformance_payload::RequestInfo,
};

/// A message with a name.
pub(super) trait Packed: Message + Sized {
    const NAME: &'static str;

    fn packed(&self) -> Any {
        let type_url = format!("type.googleapis.com/connectrpc.conformance.v1.{}", Self::NAME);
        Any { type_url, value: self.encode_to_vec() }
    }

    /// The message, if this is one.
    fn unpacked(any: &Any) -> Option<Self>
    where
        Self: Default,
    {
        let name = any.type_url.strip_prefix("type.googleapis.com/connectrpc.conformance.v1.")?;
        (name == Self::NAME).then(|| Self::decode(&any.value[..]).expect("it decodes"))
    }
}

macro_rules! packed {
    ($($message:ident as $name:literal),* $(,)?) => {
        $(impl Packed for $message {
            const NAME: &'static str = $name;
        })*
    };
}

packed! {
    UnaryRequest as "UnaryRequest",
    IdempotentUnaryRequest as "IdempotentUnaryRequest",
    ServerStreamRequest as "ServerStreamRequest",
    ClientStreamRequest as "ClientStreamRequest",
    BidiStreamRequest as "BidiStreamRequest",
    ConformancePayload as "ConformancePayload",
    RequestInfo as "ConformancePayload.RequestInfo",
}
