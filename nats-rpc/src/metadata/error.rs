use std::error::Error;
use std::fmt;

/// Why a key or a value can't be metadata.
///
/// Becomes a [`Status`](crate::Status) with code INTERNAL by `?`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidMetadata {
    key: String,
    reason: &'static str,
}

impl InvalidMetadata {
    pub(crate) fn new(key: &str, reason: &'static str) -> Self {
        Self { key: key.to_owned(), reason }
    }
}

impl fmt::Display for InvalidMetadata {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "invalid metadata {:?}: {}", self.key, self.reason)
    }
}

impl Error for InvalidMetadata {}
