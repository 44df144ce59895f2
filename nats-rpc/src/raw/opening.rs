use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;

use super::exchange::received;
use super::{Answer, Body, Call, build};
use crate::call::Context;
use crate::metadata::Metadata;
use crate::spec::Method;
use crate::status::Status;
use crate::transport::{Headers, Incoming, Outgoing};
use crate::wire::{
    self, Frame, Kind, Malformed, Numbers, Open, OpenFlags, Profile, Refused, RefusedReason, plain,
};

const SPOKEN_VERSIONS: [u32; 1] = [wire::VERSION as u32];

/// What a message to a method's subject turns out to be.
pub(crate) enum Opening {
    /// A call to be handled.
    Call(Call, Answer),
    /// Something to be answered at once: the handler never sees it.
    Refused(Outgoing),
    /// Something that nobody awaits an answer to.
    Ignored,
}

/// What the server grants.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Terms {
    /// The timeout of plain calls that name none.
    pub(crate) plain_timeout: Duration,
    /// What the connection can carry, in bytes.
    pub(crate) max_payload: usize,
}

impl Opening {
    /// Reads a message that came to the subject of `method` at the time `received`.
    pub(crate) fn read(message: Incoming, method: &Method, arrived: Instant, terms: Terms) -> Self {
        let Some(reply) = message.reply else { return Self::Ignored };
        let content_type = message.headers.as_deref().and_then(|headers| headers.get(plain::CONTENT_TYPE));
        let refuse = |reason, text: &str| {
            let mut refused = Refused::new(reason, text);
            if reason == RefusedReason::Version {
                refused.versions = Numbers::from_slice(&SPOKEN_VERSIONS);
            }
            let frame = build(text.len() + 64, |buffer| {
                refused.encode(buffer);
                Ok::<_, std::convert::Infallible>(())
            });
            let Ok(frame) = frame;
            Self::Refused(Outgoing::new(reply.clone(), frame))
        };
        match wire::profile(&message.payload, content_type.is_some()) {
            Profile::UnknownVersion(version) => refuse(
                RefusedReason::Version,
                &format!("version {version} of the protocol is not known here"),
            ),
            Profile::Native => match native(&message.payload, method, arrived) {
                Ok(Native::Call { call, max_message }) => {
                    let limit = terms.max_payload.min(max_message as usize);
                    Self::Call(call, Answer::native(reply, limit))
                }
                Ok(Native::Ignored) => Self::Ignored,
                Ok(Native::Refused(reason, text)) => refuse(reason, &text),
                Err(error) => refuse(RefusedReason::Malformed, &error.to_string()),
            },
            Profile::Plain => {
                let content_type = content_type.map(str::to_owned);
                let answer = Answer::plain(reply, terms.max_payload, content_type);
                match plain_call(message.headers.as_deref(), message.payload, method, arrived, terms) {
                    Ok(call) => Self::Call(call, answer),
                    Err(status) => Self::Refused(answer.finish(Err(status), Duration::ZERO)),
                }
            }
        }
    }
}

enum Native {
    Call { call: Call, max_message: u32 },
    Refused(RefusedReason, String),
    Ignored,
}

fn native(payload: &Bytes, method: &Method, arrived: Instant) -> Result<Native, Malformed> {
    let frame = Frame::split(payload)?;
    match Kind::from_byte(frame.kind) {
        Some(Kind::Open) => {}
        Some(Kind::Batch | Kind::Ping) | None if !Kind::is_ignorable(frame.kind) => {
            let text = format!("frames of kind {:#04x} open no call here", frame.kind);
            return Ok(Native::Refused(RefusedReason::Kind, text));
        }
        // Answering these could set two peers answering each other for ever.
        _ => return Ok(Native::Ignored),
    }
    let open = Open::decode(&frame.header)?;
    if open.method != method.hash() {
        let text = format!("this is the subject of {method}, and the call is for another method");
        return Ok(Native::Refused(RefusedReason::Method, text));
    }
    if open.total_len != 0 || open.lens.len() != 0 || open.flags.contains(OpenFlags::NO_MESSAGE) {
        let text = format!("{method} takes exactly one message, in one frame");
        return Ok(Native::Refused(RefusedReason::Kind, text));
    }
    if open.encoding != 0 {
        return Ok(Native::Refused(RefusedReason::Encoding, "compression is not known here".to_owned()));
    }
    let mut context = Context::new().with_attempt(open.attempt);
    if open.timeout_us != 0
        && let Some(deadline) = arrived.checked_add(Duration::from_micros(open.timeout_us))
    {
        context.limit(deadline);
    }
    let call = Call::new(method.clone(), Body::Unary(frame.body))
        .with_context(context)
        .with_metadata(received(open.metadata));
    Ok(Native::Call { call, max_message: open.max_message })
}

fn plain_call(
    headers: Option<&Headers>,
    payload: Bytes,
    method: &Method,
    arrived: Instant,
    terms: Terms,
) -> Result<Call, Status> {
    let mut metadata = Metadata::new();
    let mut timeout = terms.plain_timeout;
    for (name, value) in headers.into_iter().flat_map(Headers::iter) {
        if name.eq_ignore_ascii_case(plain::TIMEOUT) {
            let millis = plain::timeout_ms(value)
                .ok_or_else(|| Status::internal(format!("{} is not a number: {value:?}", plain::TIMEOUT)))?;
            timeout = Duration::from_millis(millis);
        } else if plain::is_metadata(name) {
            super::answer::append_header(&mut metadata, &name.to_ascii_lowercase(), value)?;
        }
    }
    let mut context = Context::new();
    if let Some(deadline) = arrived.checked_add(timeout) {
        context.limit(deadline);
    }
    Ok(Call::new(method.clone(), Body::Unary(payload)).with_context(context).with_metadata(metadata))
}
