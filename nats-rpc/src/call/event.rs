use std::pin::Pin;

use bytes::Bytes;
use futures_core::Stream;

use crate::metadata::Metadata;
use crate::status::Status;

/// What comes from a service after its response metadata.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// An encoded message.
    Message(Bytes),
    /// The end of a call that succeeded, with its trailers.
    Trailers(Metadata),
}

/// Encoded messages towards a service.
pub type MessageStream = Pin<Box<dyn Stream<Item = Result<Bytes, Status>> + Send>>;

/// What comes from a service: messages, then trailers, or an error.
pub type EventStream = Pin<Box<dyn Stream<Item = Result<Event, Status>> + Send>>;
