use std::convert::Infallible;
use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;

use super::answer::Asked;
use super::frames::received;
use super::shape::{Request, Shape, too_large_text};
use super::{Answer, Body, Call, Terms, build};
use crate::call::{Context, Priority, TraceContext};
use crate::metadata::Metadata;
use crate::spec::Method;
use crate::status::{Reason, Status};
use crate::transport::{Epoch, Headers, Incoming, Outgoing};
use crate::wire::flow::Counts;
use crate::wire::{
    self, FrameView, Kind, Malformed, Numbers, Open, Profile, Refused, RefusedReason, Via, is_stale, plain,
};

const SPOKEN_VERSIONS: [u32; 1] = [wire::VERSION as u32];

/// What a message to a method's subject turns out to be.
pub(crate) enum Opening {
    /// A call to be handled, all of whose request is there.
    Call(Call, Answer),
    /// A call that is a stream, or whose request is larger than a frame.
    Stream(Beginning, Answer),
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
            Profile::Native => {
                let via = terms.via(&reply);
                match native(&message.payload, method, arrived, Place { terms, epoch, via }) {
                    Ok(Native::Call(call, asked)) => {
                        Self::Call(call, Answer::native(reply, epoch.max_payload(), via, asked))
                    }
                    Ok(Native::Stream(beginning, asked)) => {
                        Self::Stream(beginning, Answer::native(reply, epoch.max_payload(), via, asked))
                    }
                    Ok(Native::Ignored) => Self::Ignored,
                    Ok(Native::Refused(frame)) => Self::Refused(Outgoing::new(reply, frame)),
                    Err(error) => {
                        let frame = refused(RefusedReason::Malformed, &error.to_string());
                        Self::Refused(Outgoing::new(reply, frame))
                    }
                }
            }
            Profile::Plain => {
                let content_type = content_type.map(str::to_owned);
                let answer = Answer::plain(reply, epoch.max_payload(), content_type);
                if method.kind() != crate::spec::Kind::Unary {
                    let text = format!("{method} is a stream, and plain calls are unary");
                    let failed = Err(Status::unimplemented(text).with_reason(Reason::Cardinality));
                    return Self::Refused(answer.end(failed, Counts::default(), Duration::ZERO));
                }
                match plain_call(message.headers.as_deref(), message.payload, method, arrived, terms) {
                    Ok(call) => Self::Call(call, answer),
                    Err(status) => Self::Refused(answer.end(Err(status), Counts::default(), Duration::ZERO)),
                }
            }
        }
    }
}

/// A call of which more is to come than its OPEN, or whose response is a stream.
pub(crate) struct Beginning {
    pub(crate) method: Method,
    pub(crate) context: Context,
    pub(crate) metadata: Metadata,
    pub(crate) request: Request,
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

/// Where a call arrives.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) terms: Terms,
    epoch: &'a Epoch,
    pub(super) via: Via,
}

enum Native {
    Call(Call, Asked),
    Stream(Beginning, Asked),
    Refused(Bytes),
    Ignored,
}

impl Native {
    fn refused(reason: RefusedReason, text: &str) -> Self {
        Self::Refused(refused(reason, text))
    }
}

fn native(payload: &Bytes, method: &Method, arrived: Instant, place: Place<'_>) -> Result<Native, Malformed> {
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
    if frame.body.len() > place.terms.limits.max_message {
        let text = too_large_text(frame.body.len() as u64, place.terms);
        return Ok(Native::refused(RefusedReason::TooLarge, &text));
    }
    let shape = Shape::of(&open, method, frame.body.len())?;
    if let Some((reason, text)) = shape.refusal(&open, method, place) {
        return Ok(Native::refused(reason, &text));
    }
    if open.encoding != 0 {
        return Ok(Native::refused(RefusedReason::Encoding, "compression is not known here"));
    }
    if let Some(stale) = stale(&open, arrived, place.epoch) {
        return Ok(Native::Refused(stale));
    }
    let asked = Asked::of(&open, arrived);
    let (context, metadata) = (context(&open, arrived), received(open.metadata.clone()));
    let body = payload.slice_ref(frame.body);
    if !shape.is_stream {
        return Ok(Native::Call(Call::received(method.clone(), context, metadata, Body::Unary(body)), asked));
    }
    let request = shape.request(&open, &body)?;
    Ok(Native::Stream(Beginning { method: method.clone(), context, metadata, request }, asked))
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
    if let Some(deadline) = super::answer::deadline(open, arrived) {
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
