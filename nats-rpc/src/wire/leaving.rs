//! LEAVING: an instance leaves its queue group, or comes back.

use bytes::BytesMut;

use super::field::Reader;
use super::sink::{self, Header, Sink};
use super::{HeaderTooLarge, Kind, Malformed};

/// What an instance says about its place in the queue group.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[repr(u32)]
pub enum LeavingState {
    /// Not said, or a number that is not known here.
    #[default]
    Unsaid = 0,
    /// It wants to leave because it does badly, and may still be kept.
    Announced = 1,
    /// It has left because it did badly, and will come back.
    Left = 2,
    /// It is back.
    Returned = 3,
    /// It stops, whatever the others do.
    Stopping = 4,
}

impl LeavingState {
    /// The state of this number.
    #[must_use]
    pub const fn from_number(number: u32) -> Self {
        match number {
            1 => Self::Announced,
            2 => Self::Left,
            3 => Self::Returned,
            4 => Self::Stopping,
            _ => Self::Unsaid,
        }
    }
}

/// The header of a LEAVING.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Leaving<'a> {
    /// The instance.
    pub instance: &'a str,
    /// A random number, new for each announcement, which orders those who want to leave at once.
    pub rank: u64,
    /// What the instance says.
    pub state: LeavingState,
}

impl<'a> Leaving<'a> {
    /// Reads a header.
    ///
    /// # Errors
    /// It is not a header of this kind.
    pub fn decode(header: &'a [u8]) -> Result<Self, Malformed> {
        let mut leaving = Self::default();
        let mut reader = Reader::header("LEAVING", header)?;
        while let Some(field) = reader.field()? {
            match field.number {
                1 => leaving.instance = field.instance()?,
                2 => leaving.rank = field.u64()?,
                3 => leaving.state = LeavingState::from_number(field.u32()?),
                _ => {}
            }
        }
        Ok(leaving)
    }

    /// Appends a whole frame.
    ///
    /// # Errors
    /// The header would be over 16 KiB, which an instance id never makes it; `out` is as it was.
    pub fn encode(&self, out: &mut BytesMut) -> Result<(), HeaderTooLarge> {
        sink::encode(Kind::Leaving, self, &[], out)
    }
}

impl Header for Leaving<'_> {
    fn write<S: Sink>(&self, sink: &mut S) {
        sink.bytes(1, self.instance.as_bytes());
        sink.uint(2, self.rank);
        sink.uint(3, self.state as u64);
    }
}
