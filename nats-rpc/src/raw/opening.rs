use std::convert::Infallible;
use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;

use super::frames::received;
use super::{Answer, Body, Call, Terms, build};
use crate::call::{Context, Priority, TraceContext};
use crate::metadata::Metadata;
use crate::spec::Method;
use crate::status::Status;
use crate::transport::{Epoch, Headers, Incoming, Outgoing};
use crate::wire::{
    self, FrameView, Kind, Malformed, Numbers, Open, OpenFlags, Profile, Refused, RefusedReason, Via,
    is_stale, plain,
};

const SPOKEN_VERSIONS: [u32; 1] = [wire::VERSION as u32];

/// What is promised for later would be kept in mind for long.
const LATEST_ACCEPT: Duration = Duration::from_secs(1);

/// What a message to a method's subject turns out to be.
pub(crate) enum Opening {
    /// A call to be handled.
    Call(Call, Answer),
    /// Something to be answered at once: the handler never sees it.
    Refused(Outgoing),
    /// Something that nobody awaits an answer to.
    Ignored,
}

impl Opening {
    /// Reads a message that came to the subject of `method` at the time `arrived`.
    pub(crate) fn read(
        message: Incoming,
        method: &Method,
        arrived: Instant,
        terms: Terms,
        epoch: &Epoch,
    ) -> Self {
        let Some(reply) = message.reply else { return Self::Ignored };
        let content_type = message.headers.as_deref().and_then(|headers| headers.get(plain::CONTENT_TYPE));
        match wire::profile(&message.payload, content_type.is_some()) {
            Profile::UnknownVersion(version) => {
                let text = format!("version {version} of the protocol is not known here");
                Self::Refused(Outgoing::new(reply, refused(RefusedReason::Version, &text)))
            }
            Profile::Native => match native(&message.payload, method, arrived, epoch) {
                Ok(Native::Call { call, max_message, accept_after }) => {
                    let limit = epoch.max_payload().min(max_message as usize);
                    // An import that lets one reply through would take ACCEPT for it.
                    let via = terms.via(&reply);
                    let accept_at = match via {
                        Via::SingletonImport => None,
                        Via::Direct | Via::StreamImport => accept_after.map(|after| arrived + after),
                    };
                    Self::Call(call, Answer::native(reply, limit, via, accept_at))
                }
                Ok(Native::Ignored) => Self::Ignored,
                Ok(Native::Refused(frame)) => Self::Refused(Outgoing::new(reply, frame)),
                Err(error) => {
                    let frame = refused(RefusedReason::Malformed, &error.to_string());
                    Self::Refused(Outgoing::new(reply, frame))
                }
            },
            Profile::Plain => {
                let content_type = content_type.map(str::to_owned);
                let answer = Answer::plain(reply, epoch.max_payload(), content_type);
                match plain_call(message.headers.as_deref(), message.payload, method, arrived, terms) {
                    Ok(call) => Self::Call(call, answer),
                    Err(status) => Self::Refused(answer.finish(Err(status), Duration::ZERO)),
                }
            }
        }
    }
}

/// A frame that says why a call does not reach its handler.
pub(crate) fn refused(reason: RefusedReason, text: &str) -> Bytes {
    let mut refused = Refused::new(reason, text);
    if reason == RefusedReason::Version {
        refused.versions = Numbers::from_slice(&SPOKEN_VERSIONS);
    }
    frame_of(&refused)
}

fn frame_of(refused: &Refused<'_>) -> Bytes {
    let frame = build(refused.message.len() + 64, |buffer| {
        refused.encode(buffer);
        Ok::<_, Infallible>(())
    });
    let Ok(frame) = frame;
    frame
}

enum Native {
    Call { call: Call, max_message: u32, accept_after: Option<Duration> },
    Refused(Bytes),
    Ignored,
}

impl Native {
    fn refused(reason: RefusedReason, text: &str) -> Self {
        Self::Refused(refused(reason, text))
    }
}

fn native(payload: &Bytes, method: &Method, arrived: Instant, epoch: &Epoch) -> Result<Native, Malformed> {
    let frame = FrameView::split(payload)?;
    match Kind::from_byte(frame.kind) {
        Some(Kind::Open) => {}
        Some(Kind::Batch | Kind::Ping) | None if !Kind::is_ignorable(frame.kind) => {
            let text = format!("frames of kind {:#04x} open no call here", frame.kind);
            return Ok(Native::refused(RefusedReason::Kind, &text));
        }
        // Answering these could set two peers answering each other for ever.
        _ => return Ok(Native::Ignored),
    }
    let open = Open::decode(frame.header)?;
    if open.method != method.hash() {
        let text = format!("this is the subject of {method}, and the call is for another method");
        return Ok(Native::refused(RefusedReason::Method, &text));
    }
    if open.total_len != 0 || open.lens.len() != 0 || open.flags.contains(OpenFlags::NO_MESSAGE) {
        let text = format!("{method} takes exactly one message, in one frame");
        return Ok(Native::refused(RefusedReason::Kind, &text));
    }
    if open.encoding != 0 {
        return Ok(Native::refused(RefusedReason::Encoding, "compression is not known here"));
    }
    if let Some(stale) = stale(&open, arrived, epoch) {
        return Ok(Native::Refused(stale));
    }
    let accept_after = open.accept_after_ms.unwrap_or(wire::DEFAULT_ACCEPT_AFTER_MS);
    Ok(Native::Call {
        call: Call::received(
            method.clone(),
            context(&open, arrived),
            received(open.metadata),
            Body::Unary(payload.slice_ref(frame.body)),
        ),
        max_message: open.max_message,
        accept_after: (accept_after != 0)
            .then(|| Duration::from_millis(accept_after.into()).min(LATEST_ACCEPT)),
    })
}

/// The refusal of a call that lay somewhere for longer than its caller waits, in an instance that stood still above
/// all.
#[expect(clippy::cast_possible_truncation, reason = "the wire has the low 32 bits")]
fn stale(open: &Open<'_>, arrived: Instant, epoch: &Epoch) -> Option<Bytes> {
    if open.sent_ms == 0 || open.timeout_us == 0 {
        return None;
    }
    let now_ms = epoch.unix_ms(arrived);
    is_stale(now_ms as u32, open.sent_ms, open.timeout_us).then(|| {
        let text = "its time was over before it was read";
        frame_of(&Refused { server_now_ms: now_ms, ..Refused::new(RefusedReason::Stale, text) })
    })
}

fn context(open: &Open<'_>, arrived: Instant) -> Context {
    let mut context =
        Context::new().with_attempt(open.attempt).with_priority(Priority::from_number(open.priority));
    if open.timeout_us != 0
        && let Some(deadline) = arrived.checked_add(Duration::from_micros(open.timeout_us))
    {
        context.limit(deadline);
    }
    match TraceContext::parse(open.trace) {
        Some(trace) => context.with_trace(trace, open.tracestate),
        None => context,
    }
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
    let header = |name| headers.and_then(|headers| headers.get(name));
    if let Some(trace) = header(plain::TRACEPARENT).and_then(TraceContext::from_traceparent) {
        context = context.with_trace(trace, header(plain::TRACESTATE).unwrap_or_default());
    }
    Ok(Call::received(method.clone(), context, metadata, Body::Unary(payload)))
}
