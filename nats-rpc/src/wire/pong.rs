//! PONG: the answer to a PING.

use bytes::BytesMut;

use super::field::Reader;
use super::malformed::Reason;
use super::numbers::{Fixed64, Numbers, Varint64};
use super::ping::{AuditEntry, check_count, entries};
use super::sink::{self, Header, Sink};
use super::{Features, HeaderTooLarge, Kind, MAX_AUDIT, Malformed, Via};

/// Whether an instance serves the method that a PING asked after.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[repr(u32)]
pub enum Serves {
    /// Not said, or a number that is not known here.
    #[default]
    Unsaid = 0,
    /// It does.
    Yes = 1,
    /// It does not have the method.
    No = 2,
    /// It has the method but is leaving.
    Leaving = 3,
}

impl Serves {
    /// The answer of this number.
    #[must_use]
    pub const fn from_number(number: u32) -> Self {
        match number {
            1 => Self::Yes,
            2 => Self::No,
            3 => Self::Leaving,
            _ => Self::Unsaid,
        }
    }
}

/// The header of a PONG.
#[derive(Clone, Debug, Default)]
pub struct Pong<'a> {
    /// The instance that answers.
    pub instance: &'a str,
    /// Whether it serves the method of the PING.
    pub serves: Serves,
    /// The calls of the PING that the server holds. The three lists below are as long as this one.
    pub handles: Numbers<'a, Fixed64>,
    /// What the server has sent for each call, in credit.
    pub sent: Numbers<'a, Varint64>,
    /// What the server has received for each call, in credit.
    pub received: Numbers<'a, Varint64>,
    /// How far the server lets the client send for each call.
    pub credit: Numbers<'a, Varint64>,
    /// The calls of the PING that the server does not hold.
    pub unknown: Numbers<'a, Fixed64>,
    /// Quiet calls of the same connection that the server holds and the PING did not name.
    pub unlisted: Numbers<'a, Fixed64>,
    /// How the PING came to the server.
    pub via: Via,
    /// What the server can take and do.
    pub features: Features,
}

impl<'a> Pong<'a> {
    /// The calls of the PING that the server holds.
    pub fn entries(&self) -> impl Iterator<Item = AuditEntry> + Clone + use<'a> {
        entries(&self.handles, &self.sent, &self.received, &self.credit)
    }

    /// Reads a header.
    ///
    /// # Errors
    /// It is not a header of this kind.
    pub fn decode(header: &'a [u8]) -> Result<Self, Malformed> {
        let mut pong = Self::default();
        let mut reader = Reader::header("PONG", header)?;
        loop {
            let at = reader.rest();
            let Some(field) = reader.field()? else { break };
            match field.number {
                1 => pong.instance = field.instance()?,
                2 => pong.serves = Serves::from_number(field.u32()?),
                3 => pong.handles.note(&field, at)?,
                4 => pong.sent.note(&field, at)?,
                5 => pong.received.note(&field, at)?,
                6 => pong.credit.note(&field, at)?,
                7 => pong.unknown.note(&field, at)?,
                8 => pong.unlisted.note(&field, at)?,
                9 => pong.via = Via::from_number(field.u32()?),
                10 => pong.features = Features(field.u64()?),
                _ => {}
            }
        }
        let lens = [pong.handles.len(), pong.sent.len(), pong.received.len(), pong.credit.len()];
        check_count("PONG", 3, lens)?;
        for (field, list) in [(7, &pong.unknown), (8, &pong.unlisted)] {
            if list.len() > MAX_AUDIT {
                return Err(Malformed::new("PONG", field, Reason::Count));
            }
        }
        Ok(pong)
    }

    /// Appends a whole frame.
    ///
    /// # Errors
    /// The header would be over 16 KiB, which an answer to a PING within its limits never is; `out` is as it was.
    pub fn encode(&self, out: &mut BytesMut) -> Result<(), HeaderTooLarge> {
        sink::encode(Kind::Pong, self, &[], out)
    }
}

impl Header for Pong<'_> {
    fn write<S: Sink>(&self, sink: &mut S) {
        sink.bytes(1, self.instance.as_bytes());
        sink.uint(2, self.serves as u64);
        sink.numbers(3, &self.handles);
        sink.numbers(4, &self.sent);
        sink.numbers(5, &self.received);
        sink.numbers(6, &self.credit);
        sink.numbers(7, &self.unknown);
        sink.numbers(8, &self.unlisted);
        sink.uint(9, self.via as u64);
        sink.uint(10, self.features.0);
    }
}
