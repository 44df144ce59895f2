use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use bytes::Bytes;
use prost::Message;
use tokio::time::Instant;

use super::frames::{frame_limit, metadata_len};
use super::{Reply, ReplyBody, build};
use crate::metadata::{Metadata, Value};
use crate::status::{Status, details};
use crate::subject::Subject;
use crate::transport::{Headers, Outgoing};
use crate::wire::{self, HeaderTooLarge, MAX_HEADER, Terminal, Via, plain};

/// Reads base64 with and without padding, as gRPC demands of `-bin` metadata.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Longest text of a plain error, in bytes; percent-encoding makes up to three of each.
const MAX_PLAIN_MESSAGE: usize = 4 * 1024;

/// How and where a call is answered.
pub(crate) struct Answer {
    reply: Subject,
    limit: usize,
    via: Via,
    accept_at: Option<Instant>,
    form: Form,
}

enum Form {
    Native,
    Plain { content_type: Option<String> },
}

impl Answer {
    pub(super) fn native(reply: Subject, max_payload: usize, via: Via, accept_at: Option<Instant>) -> Self {
        Self { reply, limit: frame_limit(max_payload), via, accept_at, form: Form::Native }
    }

    pub(super) fn plain(reply: Subject, max_payload: usize, content_type: Option<String>) -> Self {
        let form = Form::Plain { content_type };
        Self { reply, limit: frame_limit(max_payload), via: Via::Direct, accept_at: None, form }
    }

    /// Where the call is answered.
    pub(crate) fn reply(&self) -> &Subject {
        &self.reply
    }

    /// How the call came.
    pub(crate) fn via(&self) -> Via {
        self.via
    }

    /// When the caller wants to know that the call still runs, if at all.
    pub(crate) fn accept_at(&self) -> Option<Instant> {
        self.accept_at
    }

    /// The media type of a plain call's body, if it names one.
    pub(crate) fn content_type(&self) -> Option<&str> {
        match &self.form {
            Form::Native => None,
            Form::Plain { content_type } => content_type.as_deref(),
        }
    }

    /// The message that ends the call. What can't be sent becomes a status that says so.
    pub(crate) fn finish(self, outcome: Result<Reply, Status>, busy: Duration) -> Outgoing {
        let limit = self.limit;
        let sent = outcome.and_then(|reply| match reply.into_parts() {
            (head, ReplyBody::Unary { message, trailers }) => {
                let outgoing = self.success(&head, &message, &trailers, busy)?;
                if outgoing.len() <= limit {
                    return Ok(outgoing);
                }
                Err(Status::resource_exhausted(format!(
                    "the response of {} bytes does not fit into a message of {limit} bytes",
                    message.len()
                )))
            }
            (_, ReplyBody::Stream(_)) => {
                Err(Status::unimplemented("streams are not carried over NATS by this version"))
            }
        });
        sent.unwrap_or_else(|status| self.failure(&status, busy))
    }

    fn success(
        &self,
        head: &Metadata,
        message: &Bytes,
        trailers: &Metadata,
        busy: Duration,
    ) -> Result<Outgoing, Status> {
        match &self.form {
            Form::Native => {
                let end = Terminal { busy_us: micros(busy), ..Terminal::default() };
                let length = message.len() + metadata_len(head) + metadata_len(trailers) + 64;
                let frame = build(length, |buffer| {
                    end.encode(std::iter::empty(), head.raw(), trailers.raw(), message, buffer)
                });
                let frame = frame.map_err(|error| metadata_too_large(&error))?;
                Ok(Outgoing::new(self.reply.clone(), frame))
            }
            Form::Plain { content_type } => {
                let mut headers = Headers::default();
                // A message without headers and payload would end an import's mapping.
                let needed = message.is_empty().then_some(plain::PROTOBUF);
                if let Some(content_type) = content_type.as_deref().or(needed) {
                    headers.push(plain::CONTENT_TYPE, content_type);
                }
                push_metadata(&mut headers, "", head);
                push_metadata(&mut headers, plain::TRAILER_PREFIX, trailers);
                Ok(self.plain_message(headers, message.clone()))
            }
        }
    }

    fn failure(&self, status: &Status, busy: Duration) -> Outgoing {
        match &self.form {
            Form::Native => {
                let end = Terminal {
                    code: status.code().number(),
                    message: status.message(),
                    busy_us: micros(busy),
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
                Outgoing::new(self.reply.clone(), frame.unwrap_or_default())
            }
            Form::Plain { .. } => {
                let mut headers = Headers::default();
                let message = wire::beginning(status.message(), MAX_PLAIN_MESSAGE);
                headers.push(plain::ERROR, plain::percent_encode(message));
                headers.push(plain::ERROR_CODE, status.code().number().to_string());
                let details = packed(status).encode_to_vec();
                if !status.details().is_empty() && details.len() <= MAX_HEADER {
                    headers.push(plain::DETAILS, STANDARD_NO_PAD.encode(details));
                }
                let (head, trailers) = (status.response_metadata(), status.metadata());
                if metadata_len(head) + metadata_len(trailers) <= MAX_HEADER {
                    push_metadata(&mut headers, "", head);
                    push_metadata(&mut headers, plain::TRAILER_PREFIX, trailers);
                }
                self.plain_message(headers, Bytes::new())
            }
        }
    }

    fn plain_message(&self, headers: Headers, payload: Bytes) -> Outgoing {
        let headers = (!headers.is_empty()).then(|| Box::new(headers));
        Outgoing { subject: self.reply.clone(), reply: None, headers, payload }
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
