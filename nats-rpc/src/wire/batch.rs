//! BATCH and PACK: several frames in one NATS message.

use std::ops::Deref;

use bytes::{Buf as _, BufMut, Bytes, BytesMut};

use super::field::{take_array, take_varint};
use super::malformed::{Malformed, Reason};
use super::sink::{Sink as _, varint_len};
use super::{FrameView, Kind, MAX_BATCH_CALLS, VERSION};

/// One frame of a BATCH or PACK.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// In a BATCH the token that an answer is for, in a PACK the token of the call that is answered.
    pub token: u64,
    /// The whole frame, to be [split](super::Frame::split).
    pub frame: Bytes,
}

/// The frames of a BATCH or PACK; all lengths were checked.
#[derive(Clone, Debug)]
pub struct Items {
    body: Bytes,
    /// Where the next one begins.
    at: usize,
    left: usize,
}

/// The length of what [`begin`] appends.
pub const BEGINNING: usize = 3;

/// Appends the beginning of a BATCH or PACK, which [`push`] goes on with.
pub fn begin(kind: Kind, out: &mut impl BufMut) {
    debug_assert!(matches!(kind, Kind::Batch | Kind::Pack), "only these two hold frames");
    out.put_slice(&[VERSION, kind.as_byte(), 0]);
}

/// How many bytes [`push`] appends for a frame of this length.
#[must_use]
pub const fn item_len(frame_len: usize) -> usize {
    varint_len(frame_len as u64) + 8 + frame_len
}

/// Appends a frame to what [`begin`] began.
pub fn push(token: u64, frame: &[u8], out: &mut BytesMut) {
    out.reserve(item_len(frame.len()));
    push_head(token, frame.len(), out);
    out.put_slice(frame);
}

fn push_head(token: u64, frame_len: usize, out: &mut impl BufMut) {
    out.varint(frame_len as u64);
    out.put_u64_le(token);
}

/// Whether a BATCH or PACK holds no more than one frame, at a glance.
#[must_use]
pub fn holds_one(message: &[u8]) -> bool {
    let mut rest = message.get(BEGINNING..).unwrap_or_default();
    take_item(&mut rest).is_ok_and(|_| rest.is_empty())
}

/// What makes a frame a BATCH or PACK of one by coming before it, so that it need not be copied. The default is empty.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Head {
    bytes: [u8; LONGEST_HEAD],
    len: u8,
}

/// The length of a NATS message has at most 28 bits, which is four bytes of a varint.
const LONGEST_HEAD: usize = BEGINNING + 4 + 8;

impl Head {
    /// For a frame of this length.
    ///
    /// # Panics
    /// When it is longer than any NATS message: 256 MiB and more.
    #[must_use]
    pub fn new(kind: Kind, token: u64, frame_len: usize) -> Self {
        let mut head =
            Self { bytes: [0; LONGEST_HEAD], len: (BEGINNING + item_len(frame_len) - frame_len) as u8 };
        let mut to = &mut head.bytes[..];
        begin(kind, &mut to);
        push_head(token, frame_len, &mut to);
        head
    }
}

impl Deref for Head {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }
}

impl Items {
    /// The same as [`parse`](Self::parse) for a whole message.
    ///
    /// # Errors
    /// It is no frame, and what `parse` finds.
    pub fn split(kind: Kind, mut message: Bytes) -> Result<Self, Malformed> {
        let body_len = FrameView::split(&message)?.body.len();
        message.advance(message.len() - body_len);
        Self::parse(kind, message)
    }

    /// Checks the body of a BATCH or PACK, before anything of it is acted on.
    ///
    /// # Errors
    /// A length is not right, there is no frame, there are more than a BATCH may have, or one holds frames itself.
    pub fn parse(kind: Kind, body: Bytes) -> Result<Self, Malformed> {
        let bad = |reason| Malformed::new(kind.name(), 0, reason);
        let mut rest = &body[..];
        let mut left = 0;
        while !rest.is_empty() {
            let (_, frame) = take_item(&mut rest).map_err(bad)?;
            if matches!(frame, [VERSION, kind, ..] if *kind == Kind::Batch as u8 || *kind == Kind::Pack as u8)
            {
                return Err(bad(Reason::Nested));
            }
            left += 1;
        }
        if left == 0 || (kind == Kind::Batch && left > MAX_BATCH_CALLS) {
            return Err(bad(Reason::Count));
        }
        Ok(Self { body, at: 0, left })
    }
}

fn take_item<'a>(rest: &mut &'a [u8]) -> Result<(u64, &'a [u8]), Reason> {
    let len = take_varint(rest)?;
    let token = u64::from_le_bytes(take_array(rest)?);
    let len = usize::try_from(len).map_err(|_| Reason::Truncated)?;
    let (frame, tail) = rest.split_at_checked(len).ok_or(Reason::Truncated)?;
    *rest = tail;
    Ok((token, frame))
}

impl Iterator for Items {
    type Item = Item;

    fn next(&mut self) -> Option<Item> {
        self.left = self.left.checked_sub(1)?;
        let mut rest = &self.body[self.at..];
        let (token, frame) = take_item(&mut rest).ok()?;
        self.at = self.body.len() - rest.len();
        let place = self.at - frame.len()..self.at;
        let mut body = if self.left == 0 { std::mem::take(&mut self.body) } else { self.body.clone() };
        body.truncate(place.end);
        body.advance(place.start);
        Some(Item { token, frame: body })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl ExactSizeIterator for Items {}

#[cfg(test)]
mod tests {
    use bytes::BytesMut;

    use super::{Head, Item, Items, begin, holds_one, push};
    use crate::wire::Kind;

    #[test]
    fn a_frame_after_its_head_is_a_message_of_one_item() {
        for len in [1, 0x7f, 0x80, 0x3fff, 0x4000, 0x1f_ffff, 0x20_0000] {
            let (mut expected, frame) = (BytesMut::new(), vec![7; len]);
            begin(Kind::Batch, &mut expected);
            push(u64::MAX - 1, &frame, &mut expected);
            let whole = [&Head::new(Kind::Batch, u64::MAX - 1, len), &frame[..]].concat();
            assert!(whole == expected, "{len}");
            assert!(holds_one(&whole));
            let items: Vec<_> = Items::split(Kind::Batch, whole.into()).unwrap().collect();
            assert!(items == [Item { token: u64::MAX - 1, frame: frame.into() }], "{len}");
            push(1, b"other", &mut expected);
            assert!(!holds_one(&expected));
        }
        assert!(Head::default().is_empty() && !holds_one(&[]));
    }
}
