//! CANCEL: the client gives calls up.

use bytes::BytesMut;

use super::field::Reader;
use super::numbers::{Fixed64, Numbers};
use super::sink::{self, Header, Sink};
use super::{HeaderTooLarge, Kind, Malformed};

/// The header of a CANCEL.
#[derive(Clone, Debug, Default)]
pub struct Cancel<'a> {
    /// The handles of the calls.
    pub handles: Numbers<'a, Fixed64>,
}

impl<'a> Cancel<'a> {
    /// Reads a header.
    ///
    /// # Errors
    /// It is not a header of this kind.
    pub fn decode(header: &'a [u8]) -> Result<Self, Malformed> {
        let mut cancel = Self::default();
        let mut reader = Reader::header("CANCEL", header)?;
        loop {
            let at = reader.rest();
            let Some(field) = reader.field()? else { break };
            if field.number == 1 {
                cancel.handles.note(&field, at)?;
            }
        }
        Ok(cancel)
    }

    /// Appends a whole frame.
    ///
    /// # Errors
    /// There are over 2,047 handles, so that the header would be over 16 KiB; `out` is as it was.
    pub fn encode(&self, out: &mut BytesMut) -> Result<(), HeaderTooLarge> {
        sink::encode(Kind::Cancel, self, &[], out)
    }
}

impl Header for Cancel<'_> {
    fn write<S: Sink>(&self, sink: &mut S) {
        sink.numbers(1, &self.handles);
    }
}
