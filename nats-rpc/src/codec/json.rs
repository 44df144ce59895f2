use bytes::{BufMut, Bytes, BytesMut};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Decode, Encode};
use crate::status::Status;

/// JSON, by `serde_json`, for services from a Rust trait.
#[derive(Debug, Clone, Copy, Default)]
pub struct Json;

impl<T: Serialize> Encode<T> for Json {
    fn encode(message: &T, buffer: &mut BytesMut) -> Result<(), Status> {
        serde_json::to_writer(buffer.writer(), message)
            .map_err(|error| Status::internal(format!("can't encode the message as JSON: {error}")))
    }

    fn encoded_len(_: &T) -> usize {
        0
    }
}

impl<T: DeserializeOwned> Decode<T> for Json {
    fn decode(bytes: Bytes) -> Result<T, Status> {
        serde_json::from_slice(&bytes).map_err(|error| {
            let name = std::any::type_name::<T>();
            Status::internal(format!("the JSON does not decode as {name}: {error}"))
        })
    }
}
