use std::time::Duration;

use bytes::Bytes;
use prost_types::Any;

use super::broken::from_wire;
use super::compression::decompress;
use super::frames::received;
use crate::metadata::Metadata;
use crate::status::{Code, Origin, Status};
use crate::wire::{FrameView, Malformed, Terminal};

/// What a TERMINAL says.
pub(super) struct Ending {
    /// A message, if it carries one.
    pub(super) outcome: Result<Option<Bytes>, Status>,
    pub(super) head: Metadata,
    pub(super) trailers: Metadata,
    /// How long the handler took.
    pub(super) busy: Duration,
}

impl Ending {
    /// Reads a whole TERMINAL.
    pub(super) fn of_frame(payload: &Bytes, limit: usize) -> Result<Self, Malformed> {
        let frame = FrameView::split(payload)?;
        Ok(Self::read(&Terminal::decode(frame.header)?, payload.slice_ref(frame.body), limit))
    }

    /// A message in it may have up to `limit` bytes.
    pub(super) fn read(end: &Terminal<'_>, message: Bytes, limit: usize) -> Self {
        let (mut head, mut trailers) = (received(end.head.clone()), received(end.trailers.clone()));
        let outcome = match Code::from_number(end.code) {
            Code::Ok if !end.has_message() => Ok(None),
            Code::Ok => decompress(end.encoding, message, limit).map(Some),
            code => {
                let mut status = Status::new(code, end.message.to_owned())
                    .with_origin(Origin::Remote)
                    .with_response_metadata(std::mem::take(&mut head))
                    .with_metadata(std::mem::take(&mut trailers));
                if let Some(reason) = from_wire(end.reason) {
                    status = status.with_reason(reason);
                }
                Err(end.details.clone().fold(status, |status, (type_url, value)| {
                    status.with_packed_detail(Any { type_url: type_url.to_owned(), value: value.to_vec() })
                }))
            }
        };
        Self { outcome, head, trailers, busy: Duration::from_micros(end.busy_us.into()) }
    }
}
