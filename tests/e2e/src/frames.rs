use bytes::Bytes;
use nats_rpc::wire::batch::Items;
use nats_rpc::wire::{FrameView, Kind};

/// The frames in a message: those that a BATCH or PACK holds, or the one that it is.
///
/// # Panics
/// When it is a BATCH or PACK whose lengths do not add up.
#[must_use]
pub fn frames(message: &Bytes) -> Vec<Bytes> {
    match FrameView::split(message).ok().and_then(|frame| Kind::from_byte(frame.kind)) {
        Some(kind @ (Kind::Batch | Kind::Pack)) => {
            Items::split(kind, message.clone()).unwrap().map(|item| item.frame).collect()
        }
        _ => vec![message.clone()],
    }
}
