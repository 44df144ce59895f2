//! CREDIT: how far the other side may send.

use bytes::BytesMut;

use super::field::Reader;
use super::sink::{self, Header, Sink};
use super::{Kind, Malformed};

/// The header of a CREDIT.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Credit {
    /// The call's handle, towards a server; 0 towards a client, whose token is in the subject.
    pub handle: u64,
    /// The sum of costs up to which the other side may send, since the beginning of the stream.
    pub upto: u64,
}

impl Credit {
    /// Reads a header.
    ///
    /// # Errors
    /// It is not a header of this kind.
    pub fn decode(header: &[u8]) -> Result<Self, Malformed> {
        let mut credit = Self::default();
        let mut reader = Reader::header("CREDIT", header)?;
        while let Some(field) = reader.field()? {
            match field.number {
                1 => credit.handle = field.fixed64()?,
                2 => credit.upto = field.u64()?,
                _ => {}
            }
        }
        Ok(credit)
    }

    /// Appends a whole frame.
    pub fn encode(&self, out: &mut BytesMut) {
        sink::encode(Kind::Credit, self, &[], out).expect("two numbers fit");
    }
}

impl Header for Credit {
    fn write<S: Sink>(&self, sink: &mut S) {
        sink.fixed64(1, self.handle);
        sink.uint(2, self.upto);
    }
}
