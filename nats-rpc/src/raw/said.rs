use std::time::Duration;

use bytes::Bytes;

use super::ending::Ending;
use super::{Reply, ReplyBody};
use crate::status::{Code, Origin, Reason, Status};
use crate::transport::Headers;
use crate::wire::{
    self, Accept, FrameView, Kind, Malformed, Profile, Refused, RefusedReason, Terminal, plain,
};

/// What a service says of a call.
pub(super) enum Said<'a> {
    /// It is over; the handler took so long.
    Ended(Result<Reply, Status>, Duration),
    /// It takes long, and here is how to reach the instance that has it.
    Accepted(Accept<'a>),
    /// Its answer does not fit into a frame, and follows in pieces.
    Begun,
    /// The handler did not run, and what to do about it.
    Refused { status: Status, reason: RefusedReason, server_now_ms: u64 },
}

impl<'a> Said<'a> {
    /// Reads what came to the call's reply subject. `None`: it is no answer. A stream that covers the method's subject
    /// acknowledges there, for example.
    ///
    /// A message in it may have up to `limit` bytes.
    pub(super) fn read(headers: Option<&Headers>, payload: &'a Bytes, limit: usize) -> Option<Self> {
        if let Some(headers) = headers {
            return service_error(headers).map(|status| Self::Ended(Err(status), Duration::ZERO));
        }
        if wire::profile(payload, false) != Profile::Native {
            return None;
        }
        frame(payload, limit).unwrap_or_else(|error| {
            let status = Status::internal(format!("the answer is broken: {error}"));
            Some(Self::Ended(Err(status), Duration::ZERO))
        })
    }
}

fn frame(payload: &Bytes, limit: usize) -> Result<Option<Said<'_>>, Malformed> {
    let frame = FrameView::split(payload)?;
    Ok(match Kind::from_byte(frame.kind) {
        Some(Kind::Terminal) => {
            let end = Terminal::decode(frame.header)?;
            let (outcome, busy) = ended(Ending::read(&end, payload.slice_ref(frame.body), limit));
            Some(Said::Ended(outcome, busy))
        }
        Some(Kind::Head) => Some(Said::Begun),
        Some(Kind::Accept) => match Accept::decode(frame.header)? {
            // Without its name it can't be reached.
            accept if accept.instance.is_empty() => None,
            accept => Some(Said::Accepted(accept)),
        },
        Some(Kind::Refused) => {
            let refused = Refused::decode(frame.header)?;
            Some(Said::Refused {
                status: refusal(&refused),
                reason: refused.reason,
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

/// The end of a call with one response.
fn ended(ending: Ending) -> (Result<Reply, Status>, Duration) {
    let Ending { outcome, head, trailers, busy } = ending;
    let reply = outcome.and_then(|message| {
        let message = message.ok_or_else(no_message)?;
        Ok(Reply::new(head, ReplyBody::Unary { message, trailers }))
    });
    (reply, busy)
}

pub(super) fn no_message() -> Status {
    Status::unimplemented("the service answered without a message").with_reason(Reason::Cardinality)
}

fn refusal(refused: &Refused<'_>) -> Status {
    let code = Code::from_number(refused.reason.code());
    let text = format!("the service refused the call: {}", refused.message);
    let status = Status::new(code, text).with_origin(Origin::Remote).with_not_processed();
    let status = match refused.reason {
        RefusedReason::Overloaded => status.with_reason(Reason::Overloaded),
        RefusedReason::Expired => status.with_reason(Reason::Expired),
        RefusedReason::TooLarge => status.with_reason(Reason::TooLarge),
        // It comes through the same import each time.
        RefusedReason::Import => status.with_no_retry(),
        _ => status,
    };
    match refused.retry_after_ms {
        0 => status,
        millis => status.with_retry_after(Duration::from_millis(millis.into())),
    }
}

/// An error in the form of ADR-32, which services that know nothing of frames answer with.
fn service_error(headers: &Headers) -> Option<Status> {
    let (number, text) = (headers.get(plain::ERROR_CODE), headers.get(plain::ERROR));
    let text = text.or(number.map(|_| ""))?;
    let code = Code::from_number(plain::code(number.unwrap_or_default()));
    Some(Status::new(code, plain::percent_decode(text).into_owned()).with_origin(Origin::Remote))
}
