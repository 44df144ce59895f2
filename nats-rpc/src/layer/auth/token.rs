use std::fmt;

use bytes::Bytes;

use super::{AUTHORIZATION, BEARER};
use crate::metadata::{InvalidMetadata, Metadata};

/// A token that proves who makes a call. It is never shown: not by `Debug`, and not in errors.
#[derive(Clone, PartialEq, Eq)]
pub struct Token {
    /// `Bearer <token>`.
    value: Bytes,
}

impl Token {
    /// Takes a token: a JWT, an access token of OAuth 2, or any other word.
    ///
    /// # Errors
    /// When it is empty or has anything but visible ASCII, a space above all.
    pub fn new(token: impl AsRef<str>) -> Result<Self, InvalidMetadata> {
        let token = token.as_ref();
        if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            let reason = "a token is one word of visible ASCII";
            return Err(InvalidMetadata::new(AUTHORIZATION, reason));
        }
        Ok(Self { value: format!("{BEARER} {token}").into() })
    }

    /// Adds it to a call's metadata.
    pub(super) fn add_to(&self, metadata: &mut Metadata) {
        metadata.append_received(AUTHORIZATION, self.value.clone());
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token").finish_non_exhaustive()
    }
}
