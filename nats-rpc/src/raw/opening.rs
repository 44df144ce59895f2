use std::convert::Infallible;
use std::num::NonZeroU128;
use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;

use super::answer::Asked;
use super::compression::decompress;
use super::frames::received;
use super::shape::{Request, Shape, too_large_text};
use super::terms::is_imported;
use super::{Answer, Body, Call, Compression, Terms, build};
use crate::call::{Context, NatsIdentity, Priority, TraceContext};
use crate::metadata::Metadata;
use crate::spec::Method;
use crate::status::{Code, Reason, Status};
use crate::subject::Subject;
use crate::transport::{Address, Epoch, Headers, Incoming, Outgoing, Sharing};
use crate::wire::batch::Item;
use crate::wire::flow::Counts;
use crate::wire::{
    self, FrameView, Kind, Malformed, Numbers, Open, OpenFlags, Profile, Refused, RefusedReason, Via,
    is_stale, plain,
};

/// Where a NATS server says who makes a call that comes through an import.
const REQUEST_INFO: &str = "Nats-Request-Info";

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
    /// Reads what came to the subject of `method`.
    pub(crate) fn read(arrival: Arrival, method: &Method, place: Place<'_>) -> Self {
        let Arrival { reply, headers, payload, token, at: arrived } = arrival;
        let Some(subject) = reply else { return Self::Ignored };
        let headers = headers.as_deref();
        let Place { terms, epoch, .. } = place;
        let identity = headers.and_then(|headers| identity(headers, &subject));
        let reply = Address {
            subject,
            sharing: token.map_or(Sharing::None, |token| Sharing::Alone(Kind::Pack, token)),
        };
        let content_type = headers.and_then(|headers| headers.get(plain::CONTENT_TYPE));
        match wire::profile(&payload, content_type.is_some()) {
            Profile::UnknownVersion(version) => {
                let text = format!("version {version} of the protocol is not known here");
                Self::Refused(reply.carry(refused(RefusedReason::Version, &text)))
            }
            Profile::Native => {
                let via = terms.via(&reply.subject);
                match native(&payload, method, arrived, (place, via)) {
                    Ok(Native::Call(call, asked)) => {
                        Self::Call(of(call, identity), Answer::native(reply, asked, place, via))
                    }
                    Ok(Native::Stream(Beginning { call, request }, asked)) => {
                        let beginning = Beginning { call: of(call, identity), request };
                        Self::Stream(beginning, Answer::native(reply, asked, place, via))
                    }
                    Ok(Native::Ignored) => Self::Ignored,
                    Ok(Native::Refused(frame)) => Self::Refused(reply.carry(frame)),
                    Err(error) => {
                        let frame = refused(RefusedReason::Malformed, &error.to_string());
                        Self::Refused(reply.carry(frame))
                    }
                }
            }
            Profile::Plain => {
                let content_type = content_type.map(str::to_owned);
                let answer = Answer::plain(reply.subject, epoch.max_payload(), content_type);
                if method.kind() != crate::spec::Kind::Unary {
                    let text = format!("{method} is a stream, and plain calls are unary");
                    let failed = Err(Status::unimplemented(text).with_reason(Reason::Cardinality));
                    return Self::Refused(answer.end(failed, Counts::default(), Duration::ZERO));
                }
                match plain_call(headers, payload, method, arrived, terms) {
                    Ok(call) => Self::Call(of(call, identity), answer),
                    Err(status) => Self::Refused(answer.end(Err(status), Counts::default(), Duration::ZERO)),
                }
            }
        }
    }
}

/// As whom the caller has logged in. A client may send a header of this name, in any case of letters, but not where the
/// answer goes through an import: there it is the NATS server's own.
fn identity(headers: &Headers, reply: &Subject) -> Option<NatsIdentity> {
    if !is_imported(reply) {
        return None;
    }
    let mut infos = headers.iter().filter(|(name, _)| *name == REQUEST_INFO).map(|(_, info)| info);
    let (info, None) = (infos.next()?, infos.next()) else { return None };
    NatsIdentity::parse(info)
}

fn of(mut call: Call, identity: Option<NatsIdentity>) -> Call {
    if let Some(identity) = identity {
        call.extensions_mut().insert(identity);
    }
    call
}

/// An opening as it came.
pub(crate) struct Arrival {
    reply: Option<Subject>,
    headers: Option<Box<Headers>>,
    payload: Bytes,
    /// Under which its caller awaits the answer, if it came in a BATCH.
    token: Option<u64>,
    pub(crate) at: Instant,
}

impl Arrival {
    pub(crate) fn single(message: Incoming, at: Instant) -> Self {
        let Incoming { reply, headers, payload, .. } = message;
        Self { reply, headers, payload, token: None, at }
    }

    pub(crate) fn batched(item: Item, reply: Subject, at: Instant) -> Self {
        Self { reply: Some(reply), headers: None, payload: item.frame, token: Some(item.token), at }
    }
}

/// A call of which more is to come than its OPEN, or whose response is a stream.
pub(crate) struct Beginning {
    /// Without its body.
    pub(crate) call: Call,
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

pub(super) fn frame_of(refused: &Refused<'_>) -> Bytes {
    let frame = build(refused.message.len() + 64, |buffer| {
        refused.encode(buffer);
        Ok::<_, Infallible>(())
    });
    let Ok(frame) = frame;
    frame
}

/// Where a call arrives.
#[derive(Clone, Copy)]
pub(crate) struct Place<'a> {
    pub(crate) terms: Terms,
    pub(crate) epoch: &'a Epoch,
    /// The server's instance.
    pub(crate) instance: &'a str,
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

fn native(
    payload: &Bytes,
    method: &Method,
    arrived: Instant,
    (place, via): (Place<'_>, Via),
) -> Result<Native, Malformed> {
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
    // Of several instances that answer, each has to say which one it is.
    let instance = if open.flags.contains(OpenFlags::SCATTER) { place.instance } else { "" };
    let refuse = |reason, text: &str| {
        Ok(Native::Refused(frame_of(&Refused { instance, ..Refused::new(reason, text) })))
    };
    if open.method != method.hash() {
        let text = format!("this is the subject of {method}, and the call is for another method");
        return refuse(RefusedReason::Method, &text);
    }
    let longest = open.lens.clone().max().map_or(frame.body.len(), |len| len as usize);
    if longest > place.terms.limits.max_message {
        let text = too_large_text(longest as u64, place.terms);
        return refuse(RefusedReason::TooLarge, &text);
    }
    let shape = Shape::of(&open, method, frame.body.len())?;
    if let Some((reason, text)) = shape.refusal(&open, method, place.terms, via) {
        return refuse(reason, &text);
    }
    if !Compression::reads(open.encoding) {
        let text = "the request is compressed in a way that is not known here";
        let accept_encodings = Compression::readable();
        let refused = Refused { instance, accept_encodings, ..Refused::new(RefusedReason::Encoding, text) };
        return Ok(Native::Refused(frame_of(&refused)));
    }
    if let Some(server_now_ms) = stale_at(&open, arrived, place.epoch) {
        let text = "its time was over before it was read";
        let stale = Refused { server_now_ms, instance, ..Refused::new(RefusedReason::Stale, text) };
        return Ok(Native::Refused(frame_of(&stale)));
    }
    let asked = Asked::of(&open, arrived);
    let (context, metadata) = (context(&open, arrived), received(open.metadata.clone()));
    let mut call = Call::received(method.clone(), context, metadata, Body::Unary(Bytes::new()));
    if let Some(id) = NonZeroU128::new(open.call_id) {
        call = call.with_call_id(id);
    }
    let body = payload.slice_ref(frame.body);
    if !shape.is_stream {
        let body = match decompress(open.encoding, body, place.terms.limits.max_message) {
            Ok(body) => body,
            Err(status) if status.code() == Code::ResourceExhausted => {
                return refuse(RefusedReason::TooLarge, status.message());
            }
            Err(status) => return refuse(RefusedReason::Malformed, status.message()),
        };
        return Ok(Native::Call(call.with_body(Body::Unary(body)), asked));
    }
    let request = shape.request(&open, &body)?;
    Ok(Native::Stream(Beginning { call, request }, asked))
}

/// The unix milliseconds, if a call lay somewhere for longer than its caller waits, in an instance that stood still
/// above all.
#[expect(clippy::cast_possible_truncation, reason = "the wire has the low 32 bits")]
fn stale_at(open: &Open<'_>, arrived: Instant, epoch: &Epoch) -> Option<u64> {
    if open.sent_ms == 0 || open.timeout_us == 0 {
        return None;
    }
    let now_ms = epoch.unix_ms(arrived);
    is_stale(now_ms as u32, open.sent_ms, open.timeout_us).then_some(now_ms)
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
