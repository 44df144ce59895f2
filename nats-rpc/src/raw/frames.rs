//! What frames of both directions have in common.

use bytes::Bytes;

use crate::metadata::Metadata;
use crate::wire::{self, Entries};

/// Copies: a slice would keep the NATS client's whole read buffer alive.
pub(super) fn received(entries: Entries<'_>) -> Metadata {
    let mut metadata = Metadata::new();
    for (key, value) in entries {
        metadata.append_received(key, Bytes::copy_from_slice(value));
    }
    metadata
}

pub(super) fn metadata_len(metadata: &Metadata) -> usize {
    metadata.raw().map(|(key, value)| key.len() + value.len() + 12).sum()
}

/// The largest frame where the server allows messages of `max_payload` bytes.
pub(super) fn frame_limit(max_payload: usize) -> usize {
    max_payload.min(wire::DEFAULT_MAX_MESSAGE as usize).saturating_sub(wire::MESSAGE_RESERVE)
}
