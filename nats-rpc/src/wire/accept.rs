//! ACCEPT: the server has the call and says how to reach it.

use bytes::BytesMut;

use super::field::Reader;
use super::sink::{self, Header, Sink};
use super::{DEFAULT_MAX_MESSAGE, Features, HeaderTooLarge, Kind, Malformed, Via};

/// The header of an ACCEPT.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accept<'a> {
    /// Names the call at the instance.
    pub handle: u64,
    /// The instance that has the call.
    pub instance: &'a str,
    /// How far the client may send.
    pub credit: u64,
    /// What the server can take and do.
    pub features: Features,
    /// The largest NATS message that the server can take, in bytes.
    pub max_message: u32,
    /// How the call came to the server.
    pub via: Via,
    /// The encodings that the server can read, as [bits](super::Encoding::bit).
    pub accept_encodings: u32,
}

impl Default for Accept<'_> {
    fn default() -> Self {
        Self {
            handle: 0,
            instance: "",
            credit: 0,
            features: Features::NONE,
            max_message: DEFAULT_MAX_MESSAGE,
            via: Via::Direct,
            accept_encodings: 0,
        }
    }
}

impl<'a> Accept<'a> {
    /// Reads a header.
    ///
    /// # Errors
    /// It is not a header of this kind.
    pub fn decode(header: &'a [u8]) -> Result<Self, Malformed> {
        let mut accept = Self { max_message: 0, ..Self::default() };
        let mut reader = Reader::header("ACCEPT", header)?;
        while let Some(field) = reader.field()? {
            match field.number {
                1 => accept.handle = field.fixed64()?,
                2 => accept.instance = field.instance()?,
                3 => accept.credit = field.u64()?,
                4 => accept.features = Features(field.u64()?),
                5 => accept.max_message = field.u32()?,
                6 => accept.via = Via::from_number(field.u32()?),
                7 => accept.accept_encodings = field.u32()?,
                _ => {}
            }
        }
        if accept.max_message == 0 {
            accept.max_message = DEFAULT_MAX_MESSAGE;
        }
        Ok(accept)
    }

    /// Appends a whole frame.
    ///
    /// # Errors
    /// The header would be over 16 KiB; `out` is as it was.
    pub fn encode(&self, out: &mut BytesMut) -> Result<(), HeaderTooLarge> {
        sink::encode(Kind::Accept, self, &[], out)
    }
}

impl Header for Accept<'_> {
    fn write<S: Sink>(&self, sink: &mut S) {
        sink.fixed64(1, self.handle);
        sink.bytes(2, self.instance.as_bytes());
        sink.uint(3, self.credit);
        sink.uint(4, self.features.0);
        if self.max_message != DEFAULT_MAX_MESSAGE {
            sink.uint(5, self.max_message.into());
        }
        sink.uint(6, self.via as u64);
        sink.uint(7, self.accept_encodings.into());
    }
}
