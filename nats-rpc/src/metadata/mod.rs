//! Metadata: key-value pairs that travel beside messages.

mod entry;
mod error;

use std::borrow::Cow;

use bytes::Bytes;

pub use self::entry::Value;
use self::entry::{Entry, check_ascii, check_key, check_received, is_binary};
pub use self::error::InvalidMetadata;

/// Key-value pairs that travel beside messages: with a request, before a response, and after it as trailers.
///
/// Keys are lower case (`a-z`, `0-9`, `_`, `-`, `.`); upper-case letters given to any method are lowered.
/// A key that ends in `-bin` holds bytes, any other printable ASCII. One key may hold several values, whose
/// order is kept. The rules are gRPC's (`PROTOCOL-HTTP2.md`, "Custom-Metadata"). Keys that start with `grpc-`
/// or `nats-`, and `content-type`, belong to the protocols and are refused.
///
/// An empty `Metadata` owns no memory.
///
/// ```
/// use nats_rpc::Metadata;
///
/// let mut metadata = Metadata::new();
/// metadata.insert("x-tenant", "acme")?;
/// metadata.append_bin("x-trace-bin", vec![1, 2, 3])?;
/// assert_eq!(metadata.get("X-Tenant"), Some("acme"));
/// assert_eq!(metadata.get_bin("x-trace-bin"), Some(&[1, 2, 3][..]));
/// # Ok::<(), nats_rpc::InvalidMetadata>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Metadata {
    entries: Vec<Entry>,
}

impl Metadata {
    /// Creates empty metadata, without allocating.
    #[must_use]
    pub const fn new() -> Self {
        Self { entries: Vec::new() }
    }

    /// The number of values.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is no value at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The first value of an ASCII key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&str> {
        self.entries.iter().filter(|entry| entry.has(key)).find_map(|entry| entry.value().as_ascii())
    }

    /// All values of an ASCII key, in order.
    pub fn get_all<'a>(&'a self, key: &'a str) -> impl Iterator<Item = &'a str> {
        self.values(key).filter_map(Value::as_ascii)
    }

    /// The first value of a `-bin` key.
    #[must_use]
    pub fn get_bin(&self, key: &str) -> Option<&[u8]> {
        self.entries.iter().filter(|entry| entry.has(key)).find_map(|entry| entry.value().as_binary())
    }

    /// All values of a `-bin` key, in order.
    pub fn get_all_bin<'a>(&'a self, key: &'a str) -> impl Iterator<Item = &'a [u8]> {
        self.values(key).filter_map(Value::as_binary)
    }

    /// Sets an ASCII key to one value, replacing what it held.
    ///
    /// # Errors
    /// When the key or the value breaks the rules above.
    pub fn insert(
        &mut self,
        key: impl Into<Cow<'static, str>>,
        value: impl Into<Cow<'static, str>>,
    ) -> Result<(), InvalidMetadata> {
        let entry = ascii_entry(key.into(), value.into())?;
        self.remove(&entry.key);
        self.entries.push(entry);
        Ok(())
    }

    /// Adds a value to an ASCII key.
    ///
    /// # Errors
    /// When the key or the value breaks the rules above.
    pub fn append(
        &mut self,
        key: impl Into<Cow<'static, str>>,
        value: impl Into<Cow<'static, str>>,
    ) -> Result<(), InvalidMetadata> {
        self.entries.push(ascii_entry(key.into(), value.into())?);
        Ok(())
    }

    /// Sets a `-bin` key to one value, replacing what it held.
    ///
    /// # Errors
    /// When the key breaks the rules above or does not end in `-bin`.
    pub fn insert_bin(
        &mut self,
        key: impl Into<Cow<'static, str>>,
        value: impl Into<Bytes>,
    ) -> Result<(), InvalidMetadata> {
        let entry = binary_entry(key.into(), value.into())?;
        self.remove(&entry.key);
        self.entries.push(entry);
        Ok(())
    }

    /// Adds a value to a `-bin` key.
    ///
    /// # Errors
    /// When the key breaks the rules above or does not end in `-bin`.
    pub fn append_bin(
        &mut self,
        key: impl Into<Cow<'static, str>>,
        value: impl Into<Bytes>,
    ) -> Result<(), InvalidMetadata> {
        self.entries.push(binary_entry(key.into(), value.into())?);
        Ok(())
    }

    /// Removes all values of a key and says how many there were.
    pub fn remove(&mut self, key: &str) -> usize {
        let before = self.entries.len();
        self.entries.retain(|entry| !entry.has(key));
        before - self.entries.len()
    }

    /// Adds all values of `other`.
    pub fn extend(&mut self, other: Self) {
        if self.entries.is_empty() {
            self.entries = other.entries;
        } else {
            self.entries.extend(other.entries);
        }
    }

    /// All keys and values, in the order in which they were added.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Value<'_>)> + Clone {
        self.entries.iter().map(|entry| (&*entry.key, entry.value()))
    }

    /// Adds what came from a peer. Other protocols allow more than this one, so what breaks its rules is left out:
    /// it is no reason to fail a call.
    pub(crate) fn append_received(&mut self, key: &str, value: Bytes) {
        match check_received(key, &value) {
            Ok(()) => self.entries.push(Entry { key: Cow::Owned(key.to_owned()), value }),
            Err(error) => tracing::debug!(%error, "received metadata is left out"),
        }
    }

    /// All keys and values as bytes, as native frames carry them.
    pub(crate) fn raw(&self) -> impl Iterator<Item = (&str, &[u8])> + Clone {
        self.entries.iter().map(|entry| (&*entry.key, &*entry.value))
    }

    fn values<'a>(&'a self, key: &'a str) -> impl Iterator<Item = Value<'a>> {
        self.entries.iter().filter(move |entry| entry.has(key)).map(Entry::value)
    }
}

fn ascii_entry(key: Cow<'static, str>, value: Cow<'static, str>) -> Result<Entry, InvalidMetadata> {
    let key = check_key(key)?;
    if is_binary(&key) {
        return Err(InvalidMetadata::new(&key, "a key that ends in -bin holds bytes: use the _bin methods"));
    }
    check_ascii(&key, value.as_bytes())?;
    let value = match value {
        Cow::Borrowed(text) => Bytes::from_static(text.as_bytes()),
        Cow::Owned(text) => Bytes::from(text),
    };
    Ok(Entry { key, value })
}

fn binary_entry(key: Cow<'static, str>, value: Bytes) -> Result<Entry, InvalidMetadata> {
    let key = check_key(key)?;
    if !is_binary(&key) {
        return Err(InvalidMetadata::new(&key, "a key for bytes has to end in -bin"));
    }
    Ok(Entry { key, value })
}

#[cfg(test)]
mod tests;
