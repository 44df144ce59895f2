//! Preamble, header and body of a frame, and how to tell a frame from anything else.

use bytes::Bytes;

use super::MAX_HEADER;
use super::field::take_varint;
use super::malformed::{Malformed, Reason};

/// The version, which is a frame's first byte.
pub const VERSION: u8 = 0x01;
/// A whole NOOP frame.
pub const NOOP: [u8; 3] = [VERSION, super::Kind::Noop as u8, 0];
/// A whole KEEPALIVE frame.
pub const KEEP_ALIVE: [u8; 3] = [VERSION, super::Kind::KeepAlive as u8, 0];

/// What a NATS message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// A frame of this version.
    Native,
    /// A frame of a version that is not spoken here: to be answered REFUSED(VERSION).
    UnknownVersion(u8),
    /// Not a frame: a call of the plain profile.
    Plain,
}

/// Tells what a NATS message is.
///
/// No protobuf message starts with a byte below 8, and neither do JSON text, gzip or zstd; other bodies are
/// told apart by their `Content-Type`.
#[must_use]
pub const fn profile(payload: &[u8], has_content_type: bool) -> Profile {
    match payload.first() {
        _ if has_content_type => Profile::Plain,
        Some(&VERSION) => Profile::Native,
        Some(&version @ ..=0x07) => Profile::UnknownVersion(version),
        _ => Profile::Plain,
    }
}

/// A frame, taken apart; both parts share the payload's memory.
#[derive(Clone, Debug)]
pub struct Frame {
    /// The kind, which may be one that is not known here.
    pub kind: u8,
    /// The header, at most 16 KiB, not looked into yet.
    pub header: Bytes,
    /// Everything after the header.
    pub body: Bytes,
}

impl Frame {
    /// Takes a frame apart.
    ///
    /// # Errors
    /// The version is another one, the header is over 16 KiB, or the payload ends before it does.
    pub fn split(payload: &Bytes) -> Result<Self, Malformed> {
        let view = FrameView::split(payload)?;
        let (header, body) = (payload.slice_ref(view.header), payload.slice_ref(view.body));
        Ok(Self { kind: view.kind, header, body })
    }
}

/// A frame, taken apart, borrowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameView<'a> {
    /// The kind, which may be one that is not known here.
    pub kind: u8,
    /// The header, at most 16 KiB, not looked into yet.
    pub header: &'a [u8],
    /// Everything after the header.
    pub body: &'a [u8],
}

impl<'a> FrameView<'a> {
    /// Takes a frame apart.
    ///
    /// # Errors
    /// The version is another one, the header is over 16 KiB, or the payload ends before it does.
    pub fn split(payload: &'a [u8]) -> Result<Self, Malformed> {
        let bad = |reason| Malformed::new("frame", 0, reason);
        let (kind, mut rest) = match payload {
            [VERSION, kind, rest @ ..] => (*kind, rest),
            [] | [VERSION] => return Err(bad(Reason::Truncated)),
            _ => return Err(bad(Reason::Version)),
        };
        let len = take_varint(&mut rest).map_err(bad)?;
        if len > MAX_HEADER as u64 {
            return Err(bad(Reason::HeaderTooLarge));
        }
        let (header, body) = rest.split_at_checked(len as usize).ok_or(bad(Reason::Truncated))?;
        Ok(Self { kind, header, body })
    }
}
