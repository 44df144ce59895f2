//! Writing protobuf fields: the same code first counts a header's bytes, then writes them.

use bytes::{BufMut, BytesMut};

use super::malformed::HeaderTooLarge;
use super::numbers::{self, Coding, Numbers};
use super::{Kind, MAX_HEADER, VERSION};

/// Where the bytes of a header go.
pub(super) trait Sink {
    fn put(&mut self, bytes: &[u8]);
    fn varint(&mut self, value: u64);

    fn key(&mut self, field: u32, wire_type: u32) {
        self.varint(u64::from(field << 3 | wire_type));
    }

    /// An optional number, present even when it is 0.
    fn uint_present(&mut self, field: u32, value: u64) {
        self.key(field, 0);
        self.varint(value);
    }

    fn uint(&mut self, field: u32, value: u64) {
        if value != 0 {
            self.uint_present(field, value);
        }
    }

    fn fixed32(&mut self, field: u32, value: u32) {
        if value != 0 {
            self.key(field, 5);
            self.put(&value.to_le_bytes());
        }
    }

    fn fixed64(&mut self, field: u32, value: u64) {
        if value != 0 {
            self.key(field, 1);
            self.put(&value.to_le_bytes());
        }
    }

    fn bytes(&mut self, field: u32, value: &[u8]) {
        if !value.is_empty() {
            self.key(field, 2);
            self.varint(value.len() as u64);
            self.put(value);
        }
    }

    /// A `Meta` or `Detail`: text in field 1, bytes in field 2.
    fn pair(&mut self, field: u32, text: &str, value: &[u8]) {
        let mut count = Count(0);
        count.bytes(1, text.as_bytes());
        count.bytes(2, value);
        self.key(field, 2);
        self.varint(count.0 as u64);
        self.bytes(1, text.as_bytes());
        self.bytes(2, value);
    }

    fn numbers<C: Coding>(&mut self, field: u32, numbers: &Numbers<'_, C>) {
        let mut count = Count(0);
        numbers.clone().for_each(|number| numbers::write::<C>(number, &mut count));
        if count.0 != 0 {
            self.key(field, 2);
            self.varint(count.0 as u64);
            numbers.clone().for_each(|number| numbers::write::<C>(number, self));
        }
    }
}

/// Counts.
pub(super) struct Count(pub(super) usize);

impl Sink for Count {
    fn put(&mut self, bytes: &[u8]) {
        self.0 += bytes.len();
    }

    fn varint(&mut self, value: u64) {
        self.0 += varint_len(value);
    }
}

impl<B: BufMut> Sink for B {
    fn put(&mut self, bytes: &[u8]) {
        self.put_slice(bytes);
    }

    fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.put_u8(value as u8 | 0x80);
            value >>= 7;
        }
        self.put_u8(value as u8);
    }
}

/// How many bytes a varint takes.
pub(super) const fn varint_len(value: u64) -> usize {
    ((63 - (value | 1).leading_zeros()) / 7 + 1) as usize
}

/// The beginning of a text, at most this long, up to a whole character.
#[must_use]
pub fn beginning(text: &str, max: usize) -> &str {
    let mut end = text.len().min(max);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// A header that can be written more than once.
pub(super) trait Header {
    fn write<S: Sink>(&self, sink: &mut S);

    fn len(&self) -> usize {
        let mut count = Count(0);
        self.write(&mut count);
        count.0
    }
}

/// Appends a whole frame.
pub(super) fn encode(
    kind: Kind,
    header: &impl Header,
    body: &[u8],
    out: &mut BytesMut,
) -> Result<(), HeaderTooLarge> {
    begin(kind, header, body.len(), out)?;
    out.put_slice(body);
    Ok(())
}

/// Appends a frame up to its body, and makes room for that.
pub(super) fn begin(
    kind: Kind,
    header: &impl Header,
    body_len: usize,
    out: &mut BytesMut,
) -> Result<(), HeaderTooLarge> {
    let len = header.len();
    if len > MAX_HEADER {
        return Err(HeaderTooLarge { len });
    }
    out.reserve(2 + varint_len(len as u64) + len + body_len);
    out.put_slice(&[VERSION, kind.as_byte()]);
    out.varint(len as u64);
    header.write(out);
    Ok(())
}
