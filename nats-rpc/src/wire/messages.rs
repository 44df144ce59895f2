//! The messages in a frame's body.

use bytes::Bytes;

use super::malformed::{Malformed, Reason};
use super::numbers::{Numbers, Varint32};

/// The messages of a body, in order; they share its memory.
#[derive(Clone, Debug)]
pub struct Messages<'a> {
    body: Option<Bytes>,
    lens: Numbers<'a, Varint32>,
}

/// Cuts a body into messages: as many as `lens` says, or none, or one, which may be empty.
///
/// # Errors
/// The lengths do not add up to the body, or there is a body without a message.
pub fn messages<'a>(
    lens: &Numbers<'a, Varint32>,
    no_message: bool,
    body: &Bytes,
) -> Result<Messages<'a>, Malformed> {
    let total = match (no_message, lens.len()) {
        (true, 0) => 0,
        (true, _) => return Err(Malformed::new("body", 0, Reason::Lens)),
        (false, 0) => body.len() as u64,
        (false, _) => lens.clone().map(u64::from).sum(),
    };
    if total != body.len() as u64 {
        return Err(Malformed::new("body", 0, Reason::Lens));
    }
    Ok(Messages { body: (!no_message).then(|| body.clone()), lens: lens.clone() })
}

impl Iterator for Messages<'_> {
    type Item = Bytes;

    fn next(&mut self) -> Option<Bytes> {
        let last = self.lens.len() <= 1;
        let len = self.lens.next();
        match (last, &mut self.body) {
            (true, body) => body.take(),
            (false, Some(body)) => Some(body.split_to(len? as usize)),
            (false, None) => None,
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = if self.body.is_some() { self.lens.len().max(1) } else { 0 };
        (left, Some(left))
    }
}

impl ExactSizeIterator for Messages<'_> {}
