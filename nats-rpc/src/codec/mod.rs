//! Messages to bytes and back.

mod encoder;
#[cfg(feature = "json")]
mod json;
mod protobuf;
#[cfg(feature = "json")]
mod transcode;

use bytes::{Bytes, BytesMut};

pub(crate) use self::encoder::Encoder;
#[cfg(feature = "json")]
pub use self::json::Json;
pub use self::protobuf::Prost;
#[cfg(feature = "json")]
pub(crate) use self::transcode::Transcoder;
use crate::status::Status;

/// Turns messages of type `T` into bytes.
#[diagnostic::on_unimplemented(message = "`{T}` can't be encoded by the codec `{Self}`")]
pub trait Encode<T> {
    /// Appends the encoded message.
    ///
    /// # Errors
    /// INTERNAL when the message can't be represented.
    fn encode(message: &T, buffer: &mut BytesMut) -> Result<(), Status>;

    /// How long the encoded message is, if that is cheap to know.
    fn encoded_len(message: &T) -> usize;
}

/// Turns bytes into messages of type `T`.
#[diagnostic::on_unimplemented(message = "`{T}` can't be decoded by the codec `{Self}`")]
pub trait Decode<T> {
    /// Decodes a whole message.
    ///
    /// # Errors
    /// INTERNAL when the bytes are no such message.
    fn decode(bytes: Bytes) -> Result<T, Status>;
}
