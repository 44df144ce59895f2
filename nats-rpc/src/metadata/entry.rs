use std::borrow::Cow;

use bytes::Bytes;

use super::InvalidMetadata;

/// One value: text under an ordinary key, bytes under a key that ends in `-bin`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Value<'a> {
    /// Printable ASCII.
    Ascii(&'a str),
    /// Any bytes.
    Binary(&'a [u8]),
}

impl<'a> Value<'a> {
    pub(super) fn as_ascii(self) -> Option<&'a str> {
        match self {
            Self::Ascii(text) => Some(text),
            Self::Binary(_) => None,
        }
    }

    pub(super) fn as_binary(self) -> Option<&'a [u8]> {
        match self {
            Self::Ascii(_) => None,
            Self::Binary(bytes) => Some(bytes),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    /// Lower case, of the permitted characters.
    pub(super) key: Cow<'static, str>,
    /// Printable ASCII unless the key ends in `-bin`.
    pub(super) value: Bytes,
}

impl Entry {
    pub(super) fn has(&self, key: &str) -> bool {
        self.key.eq_ignore_ascii_case(key)
    }

    pub(super) fn value(&self) -> Value<'_> {
        if is_binary(&self.key) {
            return Value::Binary(&self.value);
        }
        Value::Ascii(str::from_utf8(&self.value).unwrap_or_default())
    }
}

pub(super) fn is_binary(key: &str) -> bool {
    key.ends_with("-bin")
}

pub(super) fn check_key(key: Cow<'static, str>) -> Result<Cow<'static, str>, InvalidMetadata> {
    let key = if key.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(key.to_ascii_lowercase())
    } else {
        key
    };
    check_characters(&key)?;
    if key.starts_with("grpc-") || key.starts_with("nats-") || key == "content-type" {
        return Err(InvalidMetadata::new(&key, "this key is reserved by the protocol"));
    }
    Ok(key)
}

/// Reserved names are the peer's affair.
pub(super) fn check_received(key: &str, value: &[u8]) -> Result<(), InvalidMetadata> {
    check_characters(key)?;
    if is_binary(key) { Ok(()) } else { check_ascii(key, value) }
}

fn check_characters(key: &str) -> Result<(), InvalidMetadata> {
    let permitted = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-.".contains(&byte);
    if !key.is_empty() && key.bytes().all(permitted) {
        return Ok(());
    }
    Err(InvalidMetadata::new(key, "a key is made of a-z, 0-9, '_', '-' and '.'"))
}

pub(super) fn check_ascii(key: &str, value: &[u8]) -> Result<(), InvalidMetadata> {
    if value.iter().all(|byte| (0x20..0x7f).contains(byte)) {
        return Ok(());
    }
    Err(InvalidMetadata::new(key, "a value is printable ASCII: put other text and bytes under a -bin key"))
}
