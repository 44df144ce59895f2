//! Metadata and status details: pairs of text and bytes, borrowed from a header.

use std::fmt;

use super::field::{Field, Reader};
use super::malformed::{Malformed, Reason};

/// Whether this is a metadata key: `[0-9a-z_.-]+`.
#[must_use]
pub fn is_key(key: &[u8]) -> bool {
    !key.is_empty() && key.iter().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'z' | b'_' | b'.' | b'-'))
}

/// The occurrences of one field of pairs; all of them were checked when they were noted.
#[derive(Clone, Default)]
struct Pairs<'a> {
    rest: &'a [u8],
    field: u32,
    left: usize,
}

fn pair<'a>(bytes: &'a [u8], bad: &Field<'a>) -> Result<(&'a [u8], &'a [u8]), Malformed> {
    let mut reader = Reader::new("", bytes);
    let (mut text, mut value): (&[u8], &[u8]) = (&[], &[]);
    while let Some(field) = reader.field().map_err(|inner| bad.bad(inner.reason))? {
        match field.number {
            1 => text = field.bytes().map_err(|inner| bad.bad(inner.reason))?,
            2 => value = field.bytes().map_err(|inner| bad.bad(inner.reason))?,
            _ => {}
        }
    }
    Ok((text, value))
}

impl<'a> Pairs<'a> {
    const fn note(&mut self, field: u32, at: &'a [u8]) {
        if self.left == 0 {
            self.rest = at;
            self.field = field;
        }
        self.left += 1;
    }
}

impl<'a> Iterator for Pairs<'a> {
    type Item = (&'a str, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        let mut reader = Reader::new("", self.rest);
        loop {
            let field = reader.field().ok()??;
            if field.number == self.field {
                self.rest = reader.rest();
                let (text, value) = pair(field.bytes().ok()?, &field).ok()?;
                return Some((std::str::from_utf8(text).ok()?, value));
            }
        }
    }
}

/// Metadata: keys and values in the order in which they were sent. Cheap to clone.
#[derive(Clone, Default)]
pub struct Entries<'a>(Pairs<'a>);

impl<'a> Entries<'a> {
    pub(super) fn note(&mut self, field: &Field<'a>, at: &'a [u8]) -> Result<(), Malformed> {
        let (key, _) = pair(field.bytes()?, field)?;
        if !is_key(key) {
            return Err(field.bad(Reason::Key));
        }
        self.0.note(field.number, at);
        Ok(())
    }
}

/// Status details: type URLs and values, in order. Cheap to clone.
#[derive(Clone, Default)]
pub struct Details<'a>(Pairs<'a>);

impl<'a> Details<'a> {
    pub(super) fn note(&mut self, field: &Field<'a>, at: &'a [u8]) -> Result<(), Malformed> {
        let (type_url, _) = pair(field.bytes()?, field)?;
        std::str::from_utf8(type_url).map_err(|_| field.bad(Reason::Utf8))?;
        self.0.note(field.number, at);
        Ok(())
    }
}

macro_rules! pairs {
    ($name:ident) => {
        impl<'a> Iterator for $name<'a> {
            type Item = (&'a str, &'a [u8]);

            fn next(&mut self) -> Option<Self::Item> {
                self.0.next()
            }

            fn size_hint(&self) -> (usize, Option<usize>) {
                (self.0.left, Some(self.0.left))
            }
        }

        impl ExactSizeIterator for $name<'_> {}

        // Values may be credentials, so only their lengths are shown.
        impl fmt::Debug for $name<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_map().entries(self.clone().map(|(text, value)| (text, value.len()))).finish()
            }
        }
    };
}

pairs!(Entries);
pairs!(Details);
