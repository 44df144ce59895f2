use std::fmt;

use bytes::Bytes;

/// A subject as text that is cheap to clone.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct Subject(Bytes);

impl Subject {
    /// A subject that is known at build time.
    pub(crate) const fn from_static(text: &'static str) -> Self {
        Self(Bytes::from_static(text.as_bytes()))
    }

    /// The text.
    pub(crate) fn as_str(&self) -> &str {
        // Only made from text, so the check can't fail.
        str::from_utf8(&self.0).unwrap_or_default()
    }

    /// The text as bytes.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The caller vouches that the bytes are ASCII.
    pub(crate) fn from_ascii(bytes: Bytes) -> Self {
        debug_assert!(bytes.is_ascii());
        Self(bytes)
    }

    /// `None`: it is no text.
    #[cfg(feature = "nats")]
    pub(crate) fn from_utf8(bytes: Bytes) -> Option<Self> {
        str::from_utf8(&bytes).is_ok().then_some(Self(bytes))
    }

    #[cfg(feature = "nats")]
    pub(crate) fn into_bytes(self) -> Bytes {
        self.0
    }
}

impl From<String> for Subject {
    fn from(text: String) -> Self {
        Self(Bytes::from(text))
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.as_str())
    }
}
