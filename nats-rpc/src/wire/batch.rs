//! BATCH and PACK: several frames in one NATS message.

use bytes::{BufMut as _, Bytes, BytesMut};

use super::field::{take_array, take_varint};
use super::malformed::{Malformed, Reason};
use super::sink::{Sink as _, varint_len};
use super::{Kind, MAX_BATCH_CALLS, VERSION};

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
    rest: Bytes,
    left: usize,
}

/// The length of what [`begin`] appends.
pub const BEGINNING: usize = 3;

/// Appends the beginning of a BATCH or PACK, which [`push`] goes on with.
pub fn begin(kind: Kind, out: &mut BytesMut) {
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
    out.varint(frame.len() as u64);
    out.put_u64_le(token);
    out.put_slice(frame);
}

impl Items {
    /// Checks the body of a BATCH or PACK, before anything of it is acted on.
    ///
    /// # Errors
    /// A length is not right, there is no frame, there are more than a BATCH may have, or one holds frames itself.
    pub fn parse(kind: Kind, body: &Bytes) -> Result<Self, Malformed> {
        let bad = |reason| Malformed::new(kind.name(), 0, reason);
        let mut rest: &[u8] = body;
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
        Ok(Self { rest: body.clone(), left })
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
        let mut rest: &[u8] = &self.rest;
        let (token, frame) = take_item(&mut rest).ok()?;
        let item = Item { token, frame: self.rest.slice_ref(frame) };
        self.rest = self.rest.slice_ref(rest);
        Some(item)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl ExactSizeIterator for Items {}
