//! REFUSED: the call was not handed to its handler.

use bytes::BytesMut;

use super::field::Reader;
use super::numbers::{Numbers, Varint32};
use super::sink::{self, Header, Sink};
use super::{Kind, MAX_REFUSED_MESSAGE, Malformed, RefusedReason};

/// The header of a REFUSED.
#[derive(Clone, Debug)]
pub struct Refused<'a> {
    /// Why.
    pub reason: RefusedReason,
    /// How long to wait before a repeat, in milliseconds; 0 is not said.
    pub retry_after_ms: u32,
    /// Text for people.
    pub message: &'a str,
    /// The server's clock, with STALE, in unix milliseconds; 0 is not said.
    pub server_now_ms: u64,
    /// The versions that the server speaks, with VERSION.
    pub versions: Numbers<'a, Varint32>,
    /// The instance that refuses, if the opening was a scatter.
    pub instance: &'a str,
    /// The encodings that the server can read, with ENCODING, as [bits](super::Encoding::bit).
    pub accept_encodings: u32,
}

impl<'a> Refused<'a> {
    /// A refusal that says no more than why.
    #[must_use]
    pub fn new(reason: RefusedReason, message: &'a str) -> Self {
        Self {
            reason,
            retry_after_ms: 0,
            message,
            server_now_ms: 0,
            versions: Numbers::default(),
            instance: "",
            accept_encodings: 0,
        }
    }

    /// Reads a header.
    ///
    /// # Errors
    /// It is not a header of this kind.
    pub fn decode(header: &'a [u8]) -> Result<Self, Malformed> {
        let mut refused = Self::new(RefusedReason::Unknown(0), "");
        let mut reader = Reader::header("REFUSED", header)?;
        loop {
            let at = reader.rest();
            let Some(field) = reader.field()? else { break };
            match field.number {
                1 => refused.reason = RefusedReason::from_number(field.u32()?),
                2 => refused.retry_after_ms = field.u32()?,
                3 => refused.message = field.text()?,
                4 => refused.server_now_ms = field.u64()?,
                5 => refused.versions.note(&field, at)?,
                6 => refused.instance = field.instance()?,
                7 => refused.accept_encodings = field.u32()?,
                _ => {}
            }
        }
        Ok(refused)
    }

    /// Appends a whole frame, which always succeeds: the text is cut to 1 KiB, and what has no bound of its own
    /// is left out when it is too large.
    pub fn encode(&self, out: &mut BytesMut) {
        let mut short = self.clone();
        short.message = sink::beginning(self.message, MAX_REFUSED_MESSAGE);
        if sink::encode(Kind::Refused, &short, &[], out).is_err() {
            short.versions = Numbers::default();
            short.instance = "";
            sink::encode(Kind::Refused, &short, &[], out).expect("only scalars and a short text are left");
        }
    }
}

impl Header for Refused<'_> {
    fn write<S: Sink>(&self, sink: &mut S) {
        sink.uint(1, self.reason.number().into());
        sink.uint(2, self.retry_after_ms.into());
        sink.bytes(3, self.message.as_bytes());
        sink.uint(4, self.server_now_ms);
        sink.numbers(5, &self.versions);
        sink.bytes(6, self.instance.as_bytes());
        sink.uint(7, self.accept_encodings.into());
    }
}
