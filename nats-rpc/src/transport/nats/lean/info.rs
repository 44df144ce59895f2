use std::io;

use serde::Deserialize;

/// What a server says of itself, first of all and when it changes.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in super::super) struct Info {
    pub(in super::super) max_payload: usize,
    pub(in super::super) connect_urls: Vec<String>,
    pub(super) tls_required: bool,
    pub(super) tls_available: bool,
    /// To be signed by a user who has an nkey.
    pub(super) nonce: String,
    /// It is about to stop.
    pub(super) ldm: bool,
}

impl Info {
    pub(super) fn parse(text: &[u8]) -> io::Result<Self> {
        serde_json::from_slice(text).map_err(|error| {
            io::Error::new(io::ErrorKind::InvalidData, format!("an INFO that is none: {error}"))
        })
    }
}
