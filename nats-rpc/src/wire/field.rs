//! Reading protobuf fields from a slice, without copying.

use super::malformed::{Malformed, Reason};

/// Takes a varint off the front.
pub(super) fn take_varint(rest: &mut &[u8]) -> Result<u64, Reason> {
    if let Some((&first, tail)) = rest.split_first()
        && first < 0x80
    {
        *rest = tail;
        return Ok(u64::from(first));
    }
    let mut value = 0u64;
    for (i, &byte) in rest.iter().enumerate() {
        // The tenth byte has room for one more bit only.
        if i == 9 && byte > 1 {
            return Err(Reason::Varint);
        }
        value |= u64::from(byte & 0x7f) << (7 * i);
        if byte < 0x80 {
            *rest = &rest[i + 1..];
            return Ok(value);
        }
    }
    Err(Reason::Truncated)
}

/// Takes a fixed number of bytes off the front.
pub(super) fn take_array<const N: usize>(rest: &mut &[u8]) -> Result<[u8; N], Reason> {
    let (array, tail) = rest.split_first_chunk::<N>().ok_or(Reason::Truncated)?;
    *rest = tail;
    Ok(*array)
}

/// Takes as many bytes off the front as the varint before them says.
fn take_bytes<'a>(rest: &mut &'a [u8]) -> Result<&'a [u8], Reason> {
    let len = take_varint(rest)?;
    // Compared before it is used: a claimed length is never trusted.
    let len = usize::try_from(len).ok().filter(|len| *len <= rest.len()).ok_or(Reason::Truncated)?;
    let (bytes, tail) = rest.split_at(len);
    *rest = tail;
    Ok(bytes)
}

#[derive(Clone, Copy)]
pub(super) enum Value<'a> {
    Varint(u64),
    Fixed64(u64),
    Bytes(&'a [u8]),
    Fixed32(u32),
}

/// One field as it was found.
#[derive(Clone, Copy)]
pub(super) struct Field<'a> {
    pub(super) number: u32,
    pub(super) value: Value<'a>,
    place: &'static str,
}

impl<'a> Field<'a> {
    pub(super) const fn bad(&self, reason: Reason) -> Malformed {
        Malformed::new(self.place, self.number, reason)
    }

    pub(super) const fn u64(&self) -> Result<u64, Malformed> {
        match self.value {
            Value::Varint(value) => Ok(value),
            _ => Err(self.bad(Reason::WireType)),
        }
    }

    pub(super) fn u32(&self) -> Result<u32, Malformed> {
        u32::try_from(self.u64()?).map_err(|_| self.bad(Reason::Range))
    }

    pub(super) const fn fixed32(&self) -> Result<u32, Malformed> {
        match self.value {
            Value::Fixed32(value) => Ok(value),
            _ => Err(self.bad(Reason::WireType)),
        }
    }

    pub(super) const fn fixed64(&self) -> Result<u64, Malformed> {
        match self.value {
            Value::Fixed64(value) => Ok(value),
            _ => Err(self.bad(Reason::WireType)),
        }
    }

    pub(super) const fn bytes(&self) -> Result<&'a [u8], Malformed> {
        match self.value {
            Value::Bytes(bytes) => Ok(bytes),
            _ => Err(self.bad(Reason::WireType)),
        }
    }

    pub(super) fn text(&self) -> Result<&'a str, Malformed> {
        std::str::from_utf8(self.bytes()?).map_err(|_| self.bad(Reason::Utf8))
    }

    pub(super) fn instance(&self) -> Result<&'a str, Malformed> {
        let text = self.text()?;
        if text.is_empty() || super::is_instance(text) { Ok(text) } else { Err(self.bad(Reason::Instance)) }
    }
}

/// The handle in the header of a frame towards a server; `None` without one.
#[must_use]
pub fn handle_of(header: &[u8]) -> Option<u64> {
    let mut reader = Reader::new("", header);
    let mut handle = None;
    while let Ok(Some(field)) = reader.field() {
        match field {
            Field { number: 1, value: Value::Fixed64(value), .. } => handle = Some(value),
            // Mostly it comes first and alone.
            _ if handle.is_some() => break,
            _ => {}
        }
    }
    handle
}

/// Walks the fields of a message.
#[derive(Clone, Copy)]
pub(super) struct Reader<'a> {
    rest: &'a [u8],
    place: &'static str,
}

impl<'a> Reader<'a> {
    pub(super) const fn new(place: &'static str, bytes: &'a [u8]) -> Self {
        Self { rest: bytes, place }
    }

    /// A reader of a frame's header, which is bounded before anything in it is looked at.
    pub(super) const fn header(place: &'static str, bytes: &'a [u8]) -> Result<Self, Malformed> {
        if bytes.len() > super::MAX_HEADER {
            return Err(Malformed::new(place, 0, Reason::HeaderTooLarge));
        }
        Ok(Self::new(place, bytes))
    }

    /// What has not been read yet.
    pub(super) const fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// The next field.
    pub(super) fn field(&mut self) -> Result<Option<Field<'a>>, Malformed> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let key = take_varint(&mut self.rest).map_err(|reason| Malformed::new(self.place, 0, reason))?;
        let Ok(number @ 1..=0x1fff_ffff) = u32::try_from(key >> 3) else {
            return Err(Malformed::new(self.place, 0, Reason::FieldNumber));
        };
        let value = match key & 7 {
            0 => take_varint(&mut self.rest).map(Value::Varint),
            1 => take_array(&mut self.rest).map(|bytes| Value::Fixed64(u64::from_le_bytes(bytes))),
            2 => take_bytes(&mut self.rest).map(Value::Bytes),
            5 => take_array(&mut self.rest).map(|bytes| Value::Fixed32(u32::from_le_bytes(bytes))),
            _ => Err(Reason::WireType),
        };
        let value = value.map_err(|reason| Malformed::new(self.place, number, reason))?;
        Ok(Some(Field { number, value, place: self.place }))
    }
}
