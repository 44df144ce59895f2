//! Repeated numbers of a header, packed or not.

use std::fmt;

use super::field::{Field, Reader, Value, take_array, take_varint};
use super::malformed::{Malformed, Reason};
use super::sink::Sink;

/// How the numbers of a list are written.
pub trait Coding: Clone + sealed::Sealed {
    /// One number.
    type Item: Copy + PartialEq + fmt::Debug + TryFrom<u64> + Into<u64>;
    /// Whether each takes eight bytes, instead of a varint.
    const FIXED: bool;
}

mod sealed {
    #[expect(unnameable_types, reason = "it seals the trait by not being nameable")]
    pub trait Sealed {}
}

macro_rules! coding {
    ($(#[$doc:meta])* $name:ident, $item:ty, $fixed:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug)]
        pub enum $name {}

        impl sealed::Sealed for $name {}

        impl Coding for $name {
            type Item = $item;
            const FIXED: bool = $fixed;
        }
    };
}

coding!(
    /// `repeated uint32`.
    Varint32, u32, false
);
coding!(
    /// `repeated uint64`.
    Varint64, u64, false
);
coding!(
    /// `repeated fixed64`.
    Fixed64, u64, true
);

fn take<C: Coding>(rest: &mut &[u8]) -> Result<C::Item, Reason> {
    let number = if C::FIXED { u64::from_le_bytes(take_array(rest)?) } else { take_varint(rest)? };
    number.try_into().map_err(|_| Reason::Range)
}

fn single<C: Coding>(field: &Field<'_>) -> Result<C::Item, Malformed> {
    let number = if C::FIXED { field.fixed64()? } else { field.u64()? };
    number.try_into().map_err(|_| field.bad(Reason::Range))
}

pub(super) fn write<C: Coding>(item: C::Item, sink: &mut (impl Sink + ?Sized)) {
    let number: u64 = item.into();
    if C::FIXED { sink.put(&number.to_le_bytes()) } else { sink.varint(number) }
}

/// A list of numbers: borrowed from a header, or from a slice when it is to be sent.
#[derive(Clone)]
pub struct Numbers<'a, C: Coding> {
    left: usize,
    source: Source<'a, C>,
}

#[derive(Clone)]
enum Source<'a, C: Coding> {
    Slice(&'a [C::Item]),
    /// `packed` is the rest of the occurrence that is being read; `rest` starts before the next one.
    Header {
        field: u32,
        rest: &'a [u8],
        packed: &'a [u8],
    },
}

impl<'a, C: Coding> Numbers<'a, C> {
    /// A list to be sent.
    #[must_use]
    pub const fn from_slice(items: &'a [C::Item]) -> Self {
        Self { left: items.len(), source: Source::Slice(items) }
    }

    /// Checks one occurrence of the field and adds its numbers; `at` starts with it.
    pub(super) fn note(&mut self, field: &Field<'a>, at: &'a [u8]) -> Result<(), Malformed> {
        let count = match field.value {
            Value::Bytes(mut packed) => {
                let mut count = 0;
                while !packed.is_empty() {
                    take::<C>(&mut packed).map_err(|reason| field.bad(reason))?;
                    count += 1;
                }
                count
            }
            _ => single::<C>(field).map(|_| 1)?,
        };
        if self.left == 0 {
            self.source = Source::Header { field: field.number, rest: at, packed: &[] };
        }
        self.left += count;
        Ok(())
    }
}

impl<C: Coding> Default for Numbers<'_, C> {
    fn default() -> Self {
        Self::from_slice(&[])
    }
}

impl<C: Coding> Iterator for Numbers<'_, C> {
    type Item = C::Item;

    fn next(&mut self) -> Option<C::Item> {
        self.left = self.left.checked_sub(1)?;
        match &mut self.source {
            Source::Slice(items) => items.split_off_first().copied(),
            Source::Header { field, rest, packed } => loop {
                if !packed.is_empty() {
                    return take::<C>(packed).ok();
                }
                let mut reader = Reader::new("", rest);
                let found = reader.field().ok()??;
                *rest = reader.rest();
                if found.number != *field {
                    continue;
                }
                match found.value {
                    Value::Bytes(bytes) => *packed = bytes,
                    _ => return single::<C>(&found).ok(),
                }
            },
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl<C: Coding> ExactSizeIterator for Numbers<'_, C> {}

impl<C: Coding> fmt::Debug for Numbers<'_, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.clone()).finish()
    }
}
