use std::time::Duration;

use bytes::Bytes;
use prost_types::Any;

use super::frames::received;
use super::{Reply, ReplyBody};
use crate::status::{Code, Origin, Status};
use crate::transport::Headers;
use crate::wire::{self, Accept, FrameView, Kind, Malformed, Profile, Refused, Retry, Terminal, plain};

/// What a service says of a call.
pub(super) enum Said<'a> {
    /// It is over; the handler took so long.
    Ended(Result<Reply, Status>, Duration),
    /// It takes long, and here is how to reach the instance that has it.
    Accepted(Accept<'a>),
    /// The handler did not run, and what to do about it.
    Refused { status: Status, retry: Retry, server_now_ms: u64 },
}

impl<'a> Said<'a> {
    /// Reads what came to the call's reply subject. `None`: it is no answer. A stream that covers the method's subject
    /// acknowledges there, for example.
    pub(super) fn read(headers: Option<&Headers>, payload: &'a Bytes) -> Option<Self> {
        if let Some(headers) = headers {
            return service_error(headers).map(|status| Self::Ended(Err(status), Duration::ZERO));
        }
        if wire::profile(payload, false) != Profile::Native {
            return None;
        }
        frame(payload).unwrap_or_else(|error| {
            let status = Status::internal(format!("the answer is broken: {error}"));
            Some(Self::Ended(Err(status), Duration::ZERO))
        })
    }
}

fn frame(payload: &Bytes) -> Result<Option<Said<'_>>, Malformed> {
    let frame = FrameView::split(payload)?;
    Ok(match Kind::from_byte(frame.kind) {
        Some(Kind::Terminal) => {
            let end = Terminal::decode(frame.header)?;
            let busy = Duration::from_micros(end.busy_us.into());
            Some(Said::Ended(ended(&end, payload.slice_ref(frame.body)), busy))
        }
        Some(Kind::Accept) => match Accept::decode(frame.header)? {
            // Without its name it can't be reached.
            accept if accept.instance.is_empty() => None,
            accept => Some(Said::Accepted(accept)),
        },
        Some(Kind::Refused) => {
            let refused = Refused::decode(frame.header)?;
            Some(Said::Refused {
                status: refusal(&refused),
                retry: refused.reason.retry(),
                server_now_ms: refused.server_now_ms,
            })
        }
        None if !Kind::is_ignorable(frame.kind) => {
            let text = format!("the answer is a frame of the unknown kind {:#04x}", frame.kind);
            Some(Said::Ended(Err(Status::internal(text)), Duration::ZERO))
        }
        _ => None,
    })
}

fn ended(end: &Terminal<'_>, message: Bytes) -> Result<Reply, Status> {
    let (head, trailers) = (received(end.head.clone()), received(end.trailers.clone()));
    match Code::from_number(end.code) {
        Code::Ok if end.encoding != 0 => Err(Status::internal(format!(
            "the answer is compressed in a way that is not known here: {}",
            end.encoding
        ))),
        Code::Ok if end.has_message() => Ok(Reply::new(head, ReplyBody::Unary { message, trailers })),
        Code::Ok => Err(Status::unimplemented("the service answered without a message")),
        code => {
            let status = Status::new(code, end.message.to_owned())
                .with_origin(Origin::Remote)
                .with_response_metadata(head)
                .with_metadata(trailers);
            Err(end.details.clone().fold(status, |status, (type_url, value)| {
                status.with_packed_detail(Any { type_url: type_url.to_owned(), value: value.to_vec() })
            }))
        }
    }
}

fn refusal(refused: &Refused<'_>) -> Status {
    let code = Code::from_number(refused.reason.code());
    let text = format!("the service refused the call: {}", refused.message);
    Status::new(code, text).with_origin(Origin::Remote).with_not_processed()
}

/// An error in the form of ADR-32, which services that know nothing of frames answer with.
fn service_error(headers: &Headers) -> Option<Status> {
    let (number, text) = (headers.get(plain::ERROR_CODE), headers.get(plain::ERROR));
    let text = text.or(number.map(|_| ""))?;
    let code = Code::from_number(plain::code(number.unwrap_or_default()));
    Some(Status::new(code, plain::percent_decode(text).into_owned()).with_origin(Origin::Remote))
}
