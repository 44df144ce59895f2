use bytes::{Bytes, BytesMut};
use prost::Message;

use super::{Decode, Encode};
use crate::status::Status;

/// Protobuf, by `prost`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Prost;

impl<T: Message> Encode<T> for Prost {
    fn encode(message: &T, buffer: &mut BytesMut) -> Result<(), Status> {
        message.encode(buffer).map_err(|error| Status::internal(format!("can't encode the message: {error}")))
    }

    fn encoded_len(message: &T) -> usize {
        message.encoded_len()
    }
}

impl<T: Message + Default> Decode<T> for Prost {
    fn decode(bytes: Bytes) -> Result<T, Status> {
        let length = bytes.len();
        T::decode(bytes).map_err(|error| {
            let name = std::any::type_name::<T>();
            Status::internal(format!("{length} bytes do not decode as {name}: {error}"))
        })
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::{Decode, Prost};
    use crate::status::Code;

    #[test]
    fn garbage_is_internal_and_says_what_was_expected() {
        let error =
            <Prost as Decode<prost_types::Duration>>::decode(Bytes::from_static(&[0xff; 3])).unwrap_err();
        assert_eq!(error.code(), Code::Internal);
        assert!(error.message().contains("3 bytes do not decode as prost_types"), "{error}");
    }
}
