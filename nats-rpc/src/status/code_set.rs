use std::fmt;

use super::{CODES, Code};

/// A set of [`Code`]s, that a constant can hold.
///
/// ```
/// use nats_rpc::{Code, CodeSet};
///
/// const BUSY: CodeSet = CodeSet::of(&[Code::Unavailable, Code::ResourceExhausted]);
///
/// assert!(BUSY.contains(Code::Unavailable) && !BUSY.contains(Code::NotFound));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct CodeSet(u32);

impl CodeSet {
    /// The set of these codes.
    #[must_use]
    pub const fn of(codes: &[Code]) -> Self {
        let mut bits = 0;
        let mut index = 0;
        while index < codes.len() {
            bits |= 1 << codes[index].number();
            index += 1;
        }
        Self(bits)
    }

    /// Whether the code is in it.
    #[must_use]
    pub const fn contains(self, code: Code) -> bool {
        self.0 & (1 << code.number()) != 0
    }

    /// Whether there is none in it.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The codes in it, by number.
    pub fn iter(self) -> impl Iterator<Item = Code> {
        CODES.into_iter().map(|(code, _)| code).filter(move |code| self.contains(*code))
    }
}

impl fmt::Debug for CodeSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::{CODES, Code, CodeSet};

    #[test]
    fn it_has_what_was_put_in() {
        let all: Vec<_> = CODES.into_iter().map(|(code, _)| code).collect();
        assert_eq!(CodeSet::of(&all).iter().collect::<Vec<_>>(), all);
        let some = CodeSet::of(&[Code::Unauthenticated, Code::Ok, Code::Ok]);
        assert_eq!(format!("{some:?}"), "{Ok, Unauthenticated}");
        assert!(!some.is_empty() && CodeSet::of(&[]).is_empty());
        assert_eq!(CodeSet::of(&[]), CodeSet::default());
    }
}
