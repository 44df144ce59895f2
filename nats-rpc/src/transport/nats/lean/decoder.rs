mod blocks;

use std::io;
use std::pin::pin;
use std::task::{Context, Poll};

use bytes::{Buf, BufMut, Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt};

use self::blocks::Blocks;

/// Room for what is read at once.
const READ: usize = 64 * 1024;
/// Less room is not worth a read.
const LEAST_READ: usize = 4 * 1024;
/// A longer message is read into memory of its own.
const LONGEST_SHARED: usize = READ / 2;
/// The longest of those for which memory is used again.
const LONGEST_REUSED: usize = 128 * 1024;
/// A longer message is a slice of what was read. Shorter ones would pin it while somebody keeps them: they are copied, which
/// takes a twentieth of the rate of calls with 1 KiB.
const LONGEST_COPIED: usize = 1024;
/// Room for several copies.
const BLOCK: usize = 4 * 1024;
/// No server lets a message be longer, in bytes, its headers included.
const LONGEST_MESSAGE: u64 = 64 * 1024 * 1024;
/// The server's own limit is 4 KiB, unless its configuration says otherwise. INFO is longer in large clusters.
const LONGEST_LINE: usize = 1024 * 1024;

/// What a server sends.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Operation {
    Message(Message),
    Info(Bytes),
    Ping,
    Pong,
    Ok,
    Error(String),
}

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Message {
    pub(super) sid: u64,
    pub(super) subject: Bytes,
    pub(super) reply: Option<Bytes>,
    /// As it came, empty without headers.
    pub(super) headers: Bytes,
    pub(super) payload: Bytes,
}

/// Splits what a server sends into operations.
pub(super) struct Decoder {
    buffer: BytesMut,
    blocks: Blocks,
    /// For one long message each.
    long_blocks: Blocks,
    /// Of subjects, which are kept for as long as a call takes.
    subjects: Copies,
    contents: Copies,
    /// How much has to be there before it is worth looking again.
    needed: usize,
}

impl Decoder {
    pub(super) fn new() -> Self {
        let (subjects, contents) = (Copies::default(), Copies::default());
        let (blocks, long_blocks) = (Blocks::new(READ), Blocks::new(LONGEST_REUSED));
        Self { buffer: BytesMut::new(), blocks, long_blocks, subjects, contents, needed: 0 }
    }

    /// Reads once. Returns whether there was anything: otherwise the other side has closed.
    pub(super) fn poll_read(
        &mut self,
        socket: &mut (impl AsyncRead + Unpin),
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<bool>> {
        let is_shared = self.needed <= LONGEST_SHARED;
        let missing = self.needed.saturating_sub(self.buffer.len());
        // What is read beyond a long message has to be moved.
        let (least, most) =
            if is_shared { (missing.max(LEAST_READ), READ) } else { (missing, missing + LEAST_READ) };
        self.make_room(is_shared, least);
        let mut buffer = (&mut self.buffer).limit(most);
        let read = pin!(socket.read_buf(&mut buffer)).poll(cx);
        read.map(|read| read.map(|count| count > 0))
    }

    /// `is_shared`: for more than one message.
    fn make_room(&mut self, is_shared: bool, least: usize) {
        if self.buffer.capacity() - self.buffer.len() >= least {
            return;
        }
        let mut room = match self.needed + LEAST_READ {
            _ if is_shared => self.blocks.next(),
            ..=LONGEST_REUSED => self.long_blocks.next(),
            longer => BytesMut::with_capacity(longer),
        };
        room.reserve(self.buffer.len() + least);
        room.extend_from_slice(&self.buffer);
        self.buffer = room;
    }

    /// The next operation, if all of it has been read.
    pub(super) fn next(&mut self) -> io::Result<Option<Operation>> {
        if self.buffer.len() < self.needed {
            return Ok(None);
        }
        self.needed = 0;
        let Some(end) = memchr::memchr(b'\n', &self.buffer) else {
            if self.buffer.len() > LONGEST_LINE {
                return Err(malformed("a line without an end"));
            }
            return Ok(None);
        };
        let line = self.buffer[..end].strip_suffix(b"\r").unwrap_or(&self.buffer[..end]);
        let (verb, rest) = match memchr::memchr(b' ', line) {
            Some(at) => (&line[..at], &line[at + 1..]),
            None => (line, &line[line.len()..]),
        };
        let operation = match verb {
            b"MSG" => return self.message(&Line::parse(line.len() - rest.len(), rest, false)?, end + 1),
            b"HMSG" => return self.message(&Line::parse(line.len() - rest.len(), rest, true)?, end + 1),
            b"PING" => Operation::Ping,
            b"PONG" => Operation::Pong,
            b"+OK" => Operation::Ok,
            b"-ERR" => Operation::Error(String::from_utf8_lossy(rest).trim().trim_matches('\'').to_owned()),
            b"INFO" => Operation::Info(Bytes::copy_from_slice(rest)),
            _ => return Err(malformed("an unknown operation")),
        };
        self.buffer.advance(end + 1);
        Ok(Some(operation))
    }

    fn message(&mut self, line: &Line, start: usize) -> io::Result<Option<Operation>> {
        let end = start + line.total;
        if self.buffer.len() < end + 2 {
            self.needed = end + 2;
            return Ok(None);
        }
        if &self.buffer[end..end + 2] != b"\r\n" {
            return Err(malformed("a message that does not end where it says"));
        }
        let subject = self.subjects.add(&self.buffer[line.subject.0..line.subject.1]);
        let reply = line.reply.map(|(from, to)| self.subjects.add(&self.buffer[from..to]));
        self.buffer.advance(start);
        let mut content = if line.total > LONGEST_COPIED {
            self.buffer.split_to(line.total).freeze()
        } else {
            let copy = self.contents.add(&self.buffer[..line.total]);
            self.buffer.advance(line.total);
            copy
        };
        self.buffer.advance(2);
        let headers = if line.headers == 0 { Bytes::new() } else { content.split_to(line.headers) };
        Ok(Some(Operation::Message(Message { sid: line.sid, subject, reply, headers, payload: content })))
    }
}

/// Memory for copies.
#[derive(Default)]
struct Copies(BytesMut);

impl Copies {
    fn add(&mut self, bytes: &[u8]) -> Bytes {
        if self.0.capacity() < bytes.len() {
            self.0 = BytesMut::with_capacity(BLOCK.max(bytes.len()));
        }
        self.0.extend_from_slice(bytes);
        self.0.split().freeze()
    }
}

/// The line before a message. Words are where they begin and end.
struct Line {
    subject: (usize, usize),
    sid: u64,
    reply: Option<(usize, usize)>,
    headers: usize,
    total: usize,
}

impl Line {
    /// `MSG <subject> <sid> [reply] <bytes>`, or `HMSG` with one more number before the last.
    fn parse(offset: usize, rest: &[u8], has_headers: bool) -> io::Result<Self> {
        let mut words = [(0, 0); 5];
        let mut count = 0;
        let mut at = 0;
        for word in rest.split(|byte| *byte == b' ') {
            if !word.is_empty() {
                *words.get_mut(count).ok_or_else(|| malformed("too many words"))? = (at, at + word.len());
                count += 1;
            }
            at += word.len() + 1;
        }
        let numbers = 1 + usize::from(has_headers);
        let number = |(from, to): (usize, usize)| decimal(&rest[from..to]);
        let reply = match count.checked_sub(2 + numbers) {
            Some(0) => None,
            Some(1) => Some(words[2]),
            _ => return Err(malformed("not so many words")),
        };
        let total = number(words[count - 1])?;
        if total > LONGEST_MESSAGE {
            return Err(malformed("a message that is too long"));
        }
        let total = total as usize;
        let headers = if has_headers { number(words[count - 2])? as usize } else { 0 };
        if headers > total {
            return Err(malformed("headers longer than the message"));
        }
        let place = |(from, to): (usize, usize)| (from + offset, to + offset);
        Ok(Self { subject: place(words[0]), sid: number(words[1])?, reply: reply.map(place), headers, total })
    }
}

fn decimal(digits: &[u8]) -> io::Result<u64> {
    let mut number = 0_u64;
    for digit in digits {
        let digit = digit.wrapping_sub(b'0');
        if digit > 9 {
            return Err(malformed("not a number"));
        }
        number = number
            .checked_mul(10)
            .and_then(|number| number.checked_add(digit.into()))
            .ok_or_else(|| malformed("a number that is too large"))?;
    }
    Ok(number)
}

fn malformed(why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("the NATS server sent {why}"))
}

#[cfg(test)]
mod tests;
