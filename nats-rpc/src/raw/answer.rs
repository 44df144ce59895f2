use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use bytes::Bytes;
use prost::Message;
use tokio::time::Instant;

use super::broken::to_wire;
use super::first::FRAME_OVERHEAD;
use super::frames::{frame_limit, metadata_len};
use super::opening::frame_of;
use super::{Compression, Place, Reply, ReplyBody, build};
use crate::metadata::{Metadata, Value};
use crate::status::{Code, Origin, Pushback, Reason, Status, details};
use crate::subject::Subject;
use crate::transport::{Address, Headers, Outgoing, Sharing};
use crate::wire::flow::Counts;
use crate::wire::{
    self, Features, HeaderTooLarge, MAX_HEADER, Open, OpenFlags, Refused, RefusedReason,
    SMALLEST_MAX_MESSAGE, Terminal, TerminalFlags, Via, plain,
};

/// Reads base64 with and without padding, as gRPC demands of `-bin` metadata.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Longest text of a plain error, in bytes; percent-encoding makes up to three of each.
const MAX_PLAIN_MESSAGE: usize = 4 * 1024;
/// Longest plain error: not everybody takes more headers than that.
const MAX_PLAIN_ERROR: usize = 64 * 1024;
/// What is promised for later would be kept in mind for long.
const LATEST_ACCEPT: Duration = Duration::from_secs(1);
/// Where there is no message.
static NOTHING: Bytes = Bytes::new();

/// How and where a call is answered.
pub(crate) struct Answer {
    reply: Address,
    /// The largest message of it, in bytes.
    limit: usize,
    via: Via,
    /// Who answers, where several may.
    instance: Option<String>,
    compression: Option<Compression>,
    form: Form,
}

enum Form {
    Native(Asked),
    Plain { content_type: Option<String> },
}

/// What a native caller wants and takes.
#[derive(Clone, Copy)]
pub(crate) struct Asked {
    /// When the caller wants to know that the call still runs.
    accept_at: Option<Instant>,
    deadline: Option<Instant>,
    features: Features,
    window: u32,
    max_message: u32,
    accept_encodings: u32,
    scatter: bool,
}

impl Asked {
    pub(super) fn of(open: &Open<'_>, arrived: Instant) -> Self {
        let accept_after = open.accept_after_ms.unwrap_or(wire::DEFAULT_ACCEPT_AFTER_MS);
        let accept_after = Duration::from_millis(accept_after.into()).min(LATEST_ACCEPT);
        Self {
            accept_at: (!accept_after.is_zero()).then(|| arrived + accept_after),
            deadline: deadline(open, arrived),
            features: open.features,
            window: open.window,
            max_message: open.max_message.max(SMALLEST_MAX_MESSAGE),
            accept_encodings: open.accept_encodings,
            scatter: open.flags.contains(OpenFlags::SCATTER),
        }
    }
}

/// When a native caller gives up.
pub(super) fn deadline(open: &Open<'_>, arrived: Instant) -> Option<Instant> {
    let timeout = Duration::from_micros(open.timeout_us);
    (!timeout.is_zero()).then(|| arrived.checked_add(timeout)).flatten()
}

/// A response apart from its messages.
#[derive(Default)]
pub(crate) struct Ends {
    /// If it has not gone before.
    pub(crate) head: Metadata,
    pub(crate) message: Option<Bytes>,
    pub(crate) trailers: Metadata,
}

impl Answer {
    pub(super) fn native(mut reply: Address, asked: Asked, place: Place<'_>, via: Via) -> Self {
        if via == Via::Direct && asked.features.contains(Features::PACK) {
            reply.sharing = match (reply.sharing, wire::token::of_subject(reply.subject.as_bytes())) {
                (Sharing::None, Some(token)) => Sharing::Pack(token),
                (Sharing::Alone(_, token), _) => Sharing::Packed(token),
                (other, _) => other,
            };
        }
        let limit = frame_limit(place.epoch.max_payload().min(asked.max_message as usize));
        let instance = asked.scatter.then(|| place.instance.to_owned());
        let readable = |compression: &Compression| asked.accept_encodings & compression.bit() != 0;
        let compression = place.terms.compression.filter(readable);
        Self { reply, limit, via, instance, compression, form: Form::Native(asked) }
    }

    pub(super) fn plain(reply: Subject, max_payload: usize, content_type: Option<String>) -> Self {
        let form = Form::Plain { content_type };
        Self {
            reply: reply.into(),
            limit: frame_limit(max_payload),
            via: Via::Direct,
            instance: None,
            compression: None,
            form,
        }
    }

    /// Where the call is answered.
    pub(crate) fn reply(&self) -> &Address {
        &self.reply
    }

    /// Whether the caller speaks this protocol, and so can be told to repeat the call.
    pub(crate) fn is_native(&self) -> bool {
        matches!(self.form, Form::Native(_))
    }

    /// How the call came.
    pub(crate) fn via(&self) -> Via {
        self.via
    }

    /// Whether the caller can be told that its call runs. An import that lets one reply through would take that for
    /// the reply.
    pub(crate) fn can_accept(&self) -> bool {
        // One of several that answer is not a call that could be asked after.
        matches!(self.form, Form::Native(asked) if !asked.scatter) && self.via != Via::SingletonImport
    }

    /// When the caller wants to know that the call still runs, if at all.
    pub(crate) fn accept_at(&self) -> Option<Instant> {
        match self.form {
            Form::Native(asked) if self.can_accept() => asked.accept_at,
            _ => None,
        }
    }

    /// When a native caller gives up. `None`: never, or it is a plain one.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        match self.form {
            Form::Native(asked) => asked.deadline,
            Form::Plain { .. } => None,
        }
    }

    /// What a stream of responses may send before it gets credit.
    pub(crate) fn window(&self) -> u64 {
        match self.form {
            Form::Native(asked) => asked.window.into(),
            Form::Plain { .. } => 0,
        }
    }

    /// How messages of the response are compressed.
    pub(crate) fn compression(&self) -> Option<Compression> {
        self.compression
    }

    /// The largest NATS message that the caller takes.
    pub(crate) fn max_message(&self) -> usize {
        match self.form {
            Form::Native(asked) => asked.max_message as usize,
            Form::Plain { .. } => 0,
        }
    }

    /// The media type of a plain call's body, if it names one.
    pub(crate) fn content_type(&self) -> Option<&str> {
        match &self.form {
            Form::Native(_) => None,
            Form::Plain { content_type } => content_type.as_deref(),
        }
    }

    /// Whether a reply takes more than one message, and the caller can take those.
    pub(crate) fn is_stream(&self, reply: &Reply) -> bool {
        match reply.body() {
            ReplyBody::Unary { message, trailers } => {
                let len = message.len() + metadata_len(reply.metadata()) + metadata_len(trailers);
                len + FRAME_OVERHEAD > self.limit && self.takes(Features::CHUNKS)
            }
            ReplyBody::Stream(_) => self.takes(Features::STREAMS),
        }
    }

    /// The message that answers a call and ends it. What can't be sent becomes a status that says so.
    pub(crate) fn finish(self, outcome: Result<Reply, Status>, busy: Duration) -> Outgoing {
        let outcome = outcome.and_then(|reply| match reply.into_parts() {
            (head, ReplyBody::Unary { message, trailers }) => {
                Ok(Ends { head, message: Some(message), trailers })
            }
            (_, ReplyBody::Stream(_)) => {
                let text = "the handler answered with a stream where one message is expected";
                Err(Status::unimplemented(text).with_reason(Reason::Cardinality))
            }
        });
        self.end(outcome, Counts::default(), busy)
    }

    /// Whether the message that ends the call can carry this one, apart from metadata.
    pub(crate) fn fits(&self, message: &Bytes) -> bool {
        message.len() + MAX_HEADER <= self.limit
    }

    fn takes(&self, feature: Features) -> bool {
        matches!(self.form, Form::Native(asked) if asked.features.contains(feature)) && self.can_accept()
    }

    /// The message that ends the call after what was sent before.
    pub(crate) fn end(&self, outcome: Result<Ends, Status>, sent: Counts, busy: Duration) -> Outgoing {
        let made = outcome.and_then(|ends| {
            let length = ends.message.as_ref().map_or(0, Bytes::len);
            let outgoing = self.success(&ends, sent, busy)?;
            if outgoing.len() <= self.limit {
                return Ok(outgoing);
            }
            Err(Status::resource_exhausted(format!(
                "the response of {length} bytes does not fit into a message of {} bytes",
                self.limit
            ))
            .with_reason(Reason::TooLarge))
        });
        made.unwrap_or_else(|status| self.failure(&status, sent, busy))
    }

    fn success(&self, ends: &Ends, sent: Counts, busy: Duration) -> Result<Outgoing, Status> {
        let Ends { head, message, trailers } = ends;
        match &self.form {
            Form::Native(_) => {
                let flags = if message.is_some() { TerminalFlags::NONE } else { TerminalFlags::NO_MESSAGE };
                let (seq, messages) = (sent.frames, sent.messages);
                let end = Terminal {
                    busy_us: micros(busy),
                    seq,
                    messages,
                    flags,
                    instance: self.instance.as_deref().unwrap_or_default(),
                    ..Terminal::default()
                };
                let compressed =
                    message.as_ref().zip(self.compression).and_then(|(message, by)| by.compress(message));
                let (message, encoding) = match &compressed {
                    Some((compressed, encoding)) => (compressed, *encoding),
                    None => (message.as_ref().unwrap_or(&NOTHING), 0),
                };
                let end = Terminal { encoding, ..end };
                let (inline, body) = Outgoing::divide(message);
                let length = inline.len() + metadata_len(head) + metadata_len(trailers) + FRAME_OVERHEAD;
                let frame = build(length, |buffer| {
                    end.encode(std::iter::empty(), head.raw(), trailers.raw(), inline, buffer)
                });
                let frame = frame.map_err(|error| metadata_too_large(&error))?;
                Ok(Outgoing { body, ..self.reply.carry(frame) })
            }
            Form::Plain { content_type } => {
                let message = message.clone().unwrap_or_default();
                let mut headers = Headers::default();
                // A message without headers and payload would end an import's mapping.
                let needed = message.is_empty().then_some(plain::PROTOBUF);
                if let Some(content_type) = content_type.as_deref().or(needed) {
                    headers.push(plain::CONTENT_TYPE, content_type);
                }
                push_metadata(&mut headers, "", head);
                push_metadata(&mut headers, plain::TRAILER_PREFIX, trailers);
                Ok(self.plain_message(headers, message))
            }
        }
    }

    fn failure(&self, status: &Status, sent: Counts, busy: Duration) -> Outgoing {
        match &self.form {
            Form::Native(_) => {
                if let Some(frame) = self.refusal(status, sent) {
                    return self.reply.carry(frame);
                }
                // What another service said of a call is no longer about this one.
                let reason = status.reason().filter(|_| status.origin() == Origin::Local);
                let end = Terminal {
                    code: status.code().number(),
                    message: status.message(),
                    busy_us: micros(busy),
                    seq: sent.frames,
                    messages: sent.messages,
                    reason: to_wire(reason),
                    instance: self.instance.as_deref().unwrap_or_default(),
                    ..Terminal::default()
                };
                let details = status.details().iter().map(|any| (&*any.type_url, &*any.value));
                let (head, trailers) = (status.response_metadata(), status.metadata());
                let frame = build(1024, |buffer| {
                    end.encode(details.clone(), head.raw(), trailers.raw(), &[], buffer)
                });
                // Code and message matter more than metadata that is too large for any frame.
                let frame = frame.or_else(|_| {
                    let none = std::iter::empty;
                    build(1024, |buffer| end.encode(details, none(), none(), &[], buffer))
                });
                self.reply.carry(frame.expect("details and text are cut to fit"))
            }
            Form::Plain { .. } => {
                let mut headers = Headers::default();
                let message = wire::beginning(status.message(), MAX_PLAIN_MESSAGE);
                headers.push(plain::ERROR, plain::percent_encode(message));
                headers.push(plain::ERROR_CODE, status.code().number().to_string());
                let mut outgoing = self.plain_message(headers, Bytes::new());
                if !status.details().is_empty() {
                    let details = STANDARD_NO_PAD.encode(packed(status).encode_to_vec());
                    self.add(&mut outgoing, |headers| headers.push(plain::DETAILS, details));
                }
                self.add(&mut outgoing, |headers| {
                    push_metadata(headers, "", status.response_metadata());
                    push_metadata(headers, plain::TRAILER_PREFIX, status.metadata());
                });
                outgoing
            }
        }
    }

    /// What tells the caller of a call that did not reach its handler that it may be made again.
    fn refusal(&self, status: &Status, sent: Counts) -> Option<Bytes> {
        let begun = sent.frames > 0;
        if begun || !status.is_not_processed() || status.origin() != Origin::Local {
            return None;
        }
        let reason = match status.code() {
            Code::ResourceExhausted => RefusedReason::Overloaded,
            Code::Unavailable => RefusedReason::Draining,
            Code::DeadlineExceeded => RefusedReason::Expired,
            _ => return None,
        };
        let retry_after_ms = match status.pushback() {
            None => 0,
            Some(Pushback::After(delay)) => u32::try_from(delay.as_millis()).unwrap_or(u32::MAX),
            Some(Pushback::Never) => return None,
        };
        let instance = self.instance.as_deref().unwrap_or_default();
        Some(frame_of(&Refused { retry_after_ms, instance, ..Refused::new(reason, status.message()) }))
    }

    /// Adds headers unless the message would then be too large: code and text matter more.
    fn add(&self, outgoing: &mut Outgoing, push: impl FnOnce(&mut Headers)) {
        let mut headers = outgoing.headers.clone().unwrap_or_default();
        push(&mut headers);
        let longer = Outgoing { headers: Some(headers), ..outgoing.clone() };
        if longer.len() <= self.limit.min(MAX_PLAIN_ERROR) {
            *outgoing = longer;
        }
    }

    fn plain_message(&self, headers: Headers, payload: Bytes) -> Outgoing {
        let headers = (!headers.is_empty()).then(|| Box::new(headers));
        Outgoing { headers, ..self.reply.carry(payload) }
    }
}

/// Adds a NATS header of a plain call to its metadata.
pub(super) fn append_header(metadata: &mut Metadata, key: &str, value: &str) -> Result<(), Status> {
    if !key.ends_with("-bin") {
        metadata.append_received(key, Bytes::copy_from_slice(value.as_bytes()));
        return Ok(());
    }
    for part in value.split(',') {
        let bytes = BASE64
            .decode(part.trim())
            .map_err(|error| Status::internal(format!("the header {key:?} is not base64: {error}")))?;
        metadata.append_received(key, Bytes::from(bytes));
    }
    Ok(())
}

fn push_metadata(headers: &mut Headers, prefix: &str, metadata: &Metadata) {
    for (key, value) in metadata.iter() {
        let value = match value {
            Value::Ascii(text) => text.to_owned(),
            Value::Binary(bytes) => STANDARD_NO_PAD.encode(bytes),
        };
        headers.push(format!("{prefix}{key}"), value);
    }
}

fn packed(status: &Status) -> details::Status {
    details::Status {
        // At most 16.
        code: i32::try_from(status.code().number()).unwrap_or_default(),
        message: status.message().to_owned(),
        details: status.details().to_vec(),
    }
}

fn metadata_too_large(error: &HeaderTooLarge) -> Status {
    Status::resource_exhausted(format!("the response's metadata: {error}"))
}

fn micros(duration: Duration) -> u32 {
    u32::try_from(duration.as_micros()).unwrap_or(u32::MAX)
}
