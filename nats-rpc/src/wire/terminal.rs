//! TERMINAL: the end of a call.

use bytes::BytesMut;

use super::entries::{Details, Entries};
use super::field::Reader;
use super::sink::{self, Count, Header, Sink, varint_len};
use super::{Features, HeaderTooLarge, Kind, MAX_HEADER, Malformed, TerminalFlags, TerminalReason, Via};

/// The header of a TERMINAL.
#[derive(Clone, Debug, Default)]
pub struct Terminal<'a> {
    /// The status code, 0 to 16; a receiver takes another one for UNKNOWN.
    pub code: u32,
    /// How long the handler took, in microseconds.
    pub busy_us: u32,
    /// How many HEAD and DATA frames went before in this direction.
    pub seq: u64,
    /// How many messages went before in this direction.
    pub messages: u64,
    /// Flags.
    pub flags: TerminalFlags,
    /// The text of the status.
    pub message: &'a str,
    /// The status details. [`encode`](Self::encode) takes them as an argument.
    pub details: Details<'a>,
    /// Response metadata, if no HEAD went before. [`encode`](Self::encode) takes it as an argument.
    pub head: Entries<'a>,
    /// Trailers. [`encode`](Self::encode) takes them as an argument.
    pub trailers: Entries<'a>,
    /// The number of the [`Encoding`](super::Encoding) of the message in the body.
    pub encoding: u32,
    /// Who made the status.
    pub reason: TerminalReason,
    /// What the server can take and do.
    pub features: Features,
    /// How the call came to the server.
    pub via: Via,
    /// The instance that answers, if the opening was a scatter.
    pub instance: &'a str,
}

impl<'a> Terminal<'a> {
    /// Whether the body is a message. Only a successful end carries one.
    #[must_use]
    pub const fn has_message(&self) -> bool {
        self.code == 0 && !self.flags.contains(TerminalFlags::NO_MESSAGE)
    }

    /// Reads a header.
    ///
    /// # Errors
    /// It is not a header of this kind.
    pub fn decode(header: &'a [u8]) -> Result<Self, Malformed> {
        let mut terminal = Self::default();
        let mut reader = Reader::header("TERMINAL", header)?;
        loop {
            let at = reader.rest();
            let Some(field) = reader.field()? else { break };
            match field.number {
                1 => terminal.code = field.u32()?,
                2 => terminal.busy_us = field.u32()?,
                3 => terminal.seq = field.u64()?,
                4 => terminal.messages = field.u64()?,
                5 => terminal.flags = TerminalFlags(field.u32()?),
                6 => terminal.message = field.text()?,
                7 => terminal.details.note(&field, at)?,
                8 => terminal.head.note(&field, at)?,
                9 => terminal.trailers.note(&field, at)?,
                10 => terminal.encoding = field.u32()?,
                11 => terminal.reason = TerminalReason::from_number(field.u32()?),
                12 => terminal.features = Features(field.u64()?),
                13 => terminal.via = Via::from_number(field.u32()?),
                14 => terminal.instance = field.instance()?,
                _ => {}
            }
        }
        Ok(terminal)
    }

    /// Appends a whole frame. The keys of head and trailers have to be [keys](super::is_key).
    ///
    /// A status that is too large for the header is cut, details from the last one first, then the text, and the
    /// frame says so by the flag CUT.
    ///
    /// # Errors
    /// The header would be over 16 KiB even so, because of head and trailers; `out` is as it was.
    pub fn encode<'m, D, H, T>(
        &self,
        details: D,
        head: H,
        trailers: T,
        body: &[u8],
        out: &mut BytesMut,
    ) -> Result<(), HeaderTooLarge>
    where
        D: Iterator<Item = (&'m str, &'m [u8])> + Clone,
        H: Iterator<Item = (&'m str, &'m [u8])> + Clone,
        T: Iterator<Item = (&'m str, &'m [u8])> + Clone,
    {
        let whole = Fields {
            terminal: self,
            flags: self.flags,
            message: self.message,
            details: details.clone(),
            head: head.clone(),
            trailers: trailers.clone(),
        };
        match sink::encode(Kind::Terminal, &whole, body, out) {
            Ok(()) => Ok(()),
            Err(_) => {
                let flags = self.flags.with(TerminalFlags::CUT);
                let bare = Fields {
                    terminal: self,
                    flags,
                    message: "",
                    details: details.clone().take(0),
                    head,
                    trailers,
                };
                let room = MAX_HEADER.saturating_sub(bare.len());
                let message = cut(self.message, room);
                let room = room - text_len(message);
                let kept =
                    if message.len() == self.message.len() { fitting(details.clone(), room) } else { 0 };
                let short = Fields { message, details: details.take(kept), ..bare };
                sink::encode(Kind::Terminal, &short, body, out)
            }
        }
    }
}

/// The bytes that a text takes as a field with a small number.
const fn text_len(text: &str) -> usize {
    if text.is_empty() { 0 } else { 1 + varint_len(text.len() as u64) + text.len() }
}

/// As much of a text as fits.
fn cut(text: &str, room: usize) -> &str {
    if text_len(text) <= room {
        return text;
    }
    // A header's length takes at most three bytes, and so does that of a text in it.
    sink::beginning(text, room.saturating_sub(4))
}

/// How many of the details fit, from the first.
fn fitting<'m>(details: impl Iterator<Item = (&'m str, &'m [u8])>, room: usize) -> usize {
    let mut count = Count(0);
    details
        .take_while(|(type_url, value)| {
            count.pair(7, type_url, value);
            count.0 <= room
        })
        .count()
}

struct Fields<'x, 'a, D, H, T> {
    terminal: &'x Terminal<'a>,
    flags: TerminalFlags,
    message: &'a str,
    details: D,
    head: H,
    trailers: T,
}

impl<'m, D, H, T> Header for Fields<'_, '_, D, H, T>
where
    D: Iterator<Item = (&'m str, &'m [u8])> + Clone,
    H: Iterator<Item = (&'m str, &'m [u8])> + Clone,
    T: Iterator<Item = (&'m str, &'m [u8])> + Clone,
{
    fn write<S: Sink>(&self, sink: &mut S) {
        let terminal = self.terminal;
        sink.uint(1, terminal.code.into());
        sink.uint(2, terminal.busy_us.into());
        sink.uint(3, terminal.seq);
        sink.uint(4, terminal.messages);
        sink.uint(5, self.flags.0.into());
        sink.bytes(6, self.message.as_bytes());
        self.details.clone().for_each(|(type_url, value)| sink.pair(7, type_url, value));
        self.head.clone().for_each(|(key, value)| sink.pair(8, key, value));
        self.trailers.clone().for_each(|(key, value)| sink.pair(9, key, value));
        sink.uint(10, terminal.encoding.into());
        sink.uint(11, terminal.reason.number().into());
        sink.uint(12, terminal.features.0);
        sink.uint(13, terminal.via as u64);
        sink.bytes(14, terminal.instance.as_bytes());
    }
}
