use super::opening::refused;
use super::terms::is_imported;
use crate::transport::{Incoming, Outgoing};
use crate::wire::batch::Items;
use crate::wire::{FrameView, Kind, RefusedReason, VERSION};

const BATCH: u8 = Kind::Batch as u8;

/// The openings in a BATCH, or what refuses the whole. `None`: it is something else, or came where none may come.
pub(crate) fn batched(message: &Incoming) -> Option<Result<Items, Outgoing>> {
    let ([VERSION, BATCH, ..], Some(reply), None) = (&message.payload[..], &message.reply, &message.headers)
    else {
        return None;
    };
    if is_imported(reply) {
        return None;
    }
    let body = FrameView::split(&message.payload).map(|frame| message.payload.slice_ref(frame.body));
    let items = body.and_then(|body| Items::parse(Kind::Batch, &body));
    Some(
        items.map_err(|error| {
            Outgoing::new(reply.clone(), refused(RefusedReason::Malformed, &error.to_string()))
        }),
    )
}
