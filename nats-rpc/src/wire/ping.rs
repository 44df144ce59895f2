//! PING: is anybody there, and what do you know of these calls.

use bytes::BytesMut;

use super::field::Reader;
use super::malformed::Reason;
use super::numbers::{Fixed64, Numbers, Varint64};
use super::sink::{self, Header, Sink};
use super::{HeaderTooLarge, Kind, MAX_AUDIT, Malformed};

/// The header of a PING.
#[derive(Clone, Debug, Default)]
pub struct Ping<'a> {
    /// When the next PING is to come, in milliseconds; 0 is not said.
    pub interval_ms: u32,
    /// The hash of the method that is asked after; 0 is none.
    pub method: u32,
    /// The calls: their handles. The three lists below are as long as this one.
    pub handles: Numbers<'a, Fixed64>,
    /// What the client has sent for each call, in credit.
    pub sent: Numbers<'a, Varint64>,
    /// What the client has received for each call, in credit.
    pub received: Numbers<'a, Varint64>,
    /// How far the client lets the server send for each call.
    pub credit: Numbers<'a, Varint64>,
    /// Names the client's connection, the same in all its PINGs; 0 is not said.
    pub connection: u64,
}

/// What one side knows of one call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AuditEntry {
    /// The call's handle.
    pub handle: u64,
    /// What this side has sent.
    pub sent: u64,
    /// What this side has received.
    pub received: u64,
    /// How far this side lets the other one send.
    pub credit: u64,
}

pub(super) fn entries<'a>(
    handles: &Numbers<'a, Fixed64>,
    sent: &Numbers<'a, Varint64>,
    received: &Numbers<'a, Varint64>,
    credit: &Numbers<'a, Varint64>,
) -> impl Iterator<Item = AuditEntry> + Clone + use<'a> {
    let counts = sent.clone().zip(received.clone()).zip(credit.clone());
    let entry = |(handle, ((sent, received), credit))| AuditEntry { handle, sent, received, credit };
    handles.clone().zip(counts).map(entry)
}

pub(super) fn check_count(place: &'static str, field: u32, lens: [usize; 4]) -> Result<(), Malformed> {
    if lens[0] <= MAX_AUDIT && lens.iter().all(|len| *len == lens[0]) {
        return Ok(());
    }
    Err(Malformed::new(place, field, Reason::Count))
}

impl<'a> Ping<'a> {
    /// The calls that are asked after.
    pub fn entries(&self) -> impl Iterator<Item = AuditEntry> + Clone + use<'a> {
        entries(&self.handles, &self.sent, &self.received, &self.credit)
    }

    /// Reads a header.
    ///
    /// # Errors
    /// It is not a header of this kind.
    pub fn decode(header: &'a [u8]) -> Result<Self, Malformed> {
        let mut ping = Self::default();
        let mut reader = Reader::header("PING", header)?;
        loop {
            let at = reader.rest();
            let Some(field) = reader.field()? else { break };
            match field.number {
                1 => ping.interval_ms = field.u32()?,
                2 => ping.method = field.fixed32()?,
                3 => ping.handles.note(&field, at)?,
                4 => ping.sent.note(&field, at)?,
                5 => ping.received.note(&field, at)?,
                6 => ping.credit.note(&field, at)?,
                7 => ping.connection = field.fixed64()?,
                _ => {}
            }
        }
        let lens = [ping.handles.len(), ping.sent.len(), ping.received.len(), ping.credit.len()];
        check_count("PING", 3, lens)?;
        Ok(ping)
    }

    /// Appends a whole frame.
    ///
    /// # Errors
    /// The header would be over 16 KiB, which 256 calls never are; `out` is as it was.
    pub fn encode(&self, out: &mut BytesMut) -> Result<(), HeaderTooLarge> {
        sink::encode(Kind::Ping, self, &[], out)
    }
}

impl Header for Ping<'_> {
    fn write<S: Sink>(&self, sink: &mut S) {
        sink.uint(1, self.interval_ms.into());
        sink.fixed32(2, self.method);
        sink.numbers(3, &self.handles);
        sink.numbers(4, &self.sent);
        sink.numbers(5, &self.received);
        sink.numbers(6, &self.credit);
        sink.fixed64(7, self.connection);
    }
}
