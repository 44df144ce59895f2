//! DATA: messages of a stream, a piece of a large message, or a half-close.

use bytes::BytesMut;

use super::field::Reader;
use super::numbers::{Numbers, Varint32};
use super::sink::{self, Header, Sink};
use super::{DataFlags, HeaderTooLarge, Kind, Malformed};

/// The header of a DATA.
#[derive(Clone, Debug, Default)]
pub struct Data<'a> {
    /// The call's handle, towards a server; 0 towards a client, whose token is in the subject.
    pub handle: u64,
    /// How many frames with a `seq` went before in this direction.
    pub seq: u64,
    /// Flags.
    pub flags: DataFlags,
    /// The lengths of the messages in the body; empty: see `messages`.
    pub lens: Numbers<'a, Varint32>,
    /// The length of the whole message, if the body is only its first chunk; otherwise 0.
    pub total_len: u64,
    /// The number of the [`Encoding`](super::Encoding) of the messages in the body.
    pub encoding: u32,
}

impl<'a> Data<'a> {
    /// Reads a header.
    ///
    /// # Errors
    /// It is not a header of this kind.
    pub fn decode(header: &'a [u8]) -> Result<Self, Malformed> {
        let mut data = Self::default();
        let mut reader = Reader::header("DATA", header)?;
        loop {
            let at = reader.rest();
            let Some(field) = reader.field()? else { break };
            match field.number {
                1 => data.handle = field.fixed64()?,
                2 => data.seq = field.u64()?,
                3 => data.flags = DataFlags(field.u32()?),
                4 => data.lens.note(&field, at)?,
                5 => data.total_len = field.u64()?,
                6 => data.encoding = field.u32()?,
                _ => {}
            }
        }
        Ok(data)
    }

    /// Appends a whole frame.
    ///
    /// # Errors
    /// The header would be over 16 KiB, because of `lens`; `out` is as it was.
    pub fn encode(&self, body: &[u8], out: &mut BytesMut) -> Result<(), HeaderTooLarge> {
        sink::encode(Kind::Data, self, body, out)
    }

    /// Appends a frame up to its body, which has this length.
    ///
    /// # Errors
    /// The header would be over 16 KiB, because of `lens`; `out` is as it was.
    pub fn begin(&self, body_len: usize, out: &mut BytesMut) -> Result<(), HeaderTooLarge> {
        sink::begin(Kind::Data, self, body_len, out)
    }
}

impl Header for Data<'_> {
    fn write<S: Sink>(&self, sink: &mut S) {
        sink.fixed64(1, self.handle);
        sink.uint(2, self.seq);
        sink.uint(3, self.flags.0.into());
        sink.numbers(4, &self.lens);
        sink.uint(5, self.total_len);
        sink.uint(6, self.encoding.into());
    }
}
