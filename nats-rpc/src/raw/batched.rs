use super::opening::refused;
use super::terms::is_imported;
use crate::subject::Subject;
use crate::transport::{Incoming, Outgoing};
use crate::wire::batch::Items;
use crate::wire::{Kind, RefusedReason, VERSION};

const BATCH: u8 = Kind::Batch as u8;

/// What a message to a method's subject holds.
pub(crate) enum Batched {
    /// Openings, and where they are answered.
    Openings(Items, Subject),
    /// No BATCH, or one where none may come.
    Other(Incoming),
    /// What refuses the whole.
    Refused(Outgoing),
}

impl Batched {
    pub(crate) fn read(message: Incoming) -> Self {
        let (reply, payload) = match message {
            Incoming { reply: Some(reply), payload, headers: None, .. }
                if matches!(payload[..], [VERSION, BATCH, ..]) && !is_imported(&reply) =>
            {
                (reply, payload)
            }
            other => return Self::Other(other),
        };
        match Items::split(Kind::Batch, payload) {
            Ok(items) => Self::Openings(items, reply),
            Err(error) => {
                Self::Refused(Outgoing::new(reply, refused(RefusedReason::Malformed, &error.to_string())))
            }
        }
    }
}
