use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use prost_types::Any;
use tokio::time::Instant;

use super::{Body, Call, Reply, ReplyBody, build};
use crate::metadata::Metadata;
use crate::spec::Method;
use crate::status::{Code, Origin, Status};
use crate::subject::Subject;
use crate::transport::{Delivery, Epoch, Headers, Outgoing, Ticket};
use crate::wire::{self, Entries, Frame, Kind, Open, Profile, Refused, Terminal, plain};

/// The most that a frame needs beside metadata and body.
const FRAME_OVERHEAD: usize = 64;

/// The client's half of one unary call, from its opening frame on.
///
/// Dropping it gives the slot back; an answer that comes later finds nobody.
pub(crate) struct Exchange {
    ticket: Ticket,
    method: Method,
}

impl Exchange {
    /// Sends the call to `subject` at the time `now`.
    ///
    /// # Errors
    /// DEADLINE_EXCEEDED when the deadline has passed, RESOURCE_EXHAUSTED when the request is too large or too
    /// many calls are waiting, UNAVAILABLE when the connection has ended, UNIMPLEMENTED for streams.
    pub(crate) fn start(
        epoch: Arc<Epoch>,
        subject: Subject,
        call: Call,
        now: Instant,
    ) -> Result<Self, Status> {
        let (method, context, metadata, body) = call.into_parts();
        let Body::Unary(message) = body else {
            return Err(Status::unimplemented("streams are not carried over NATS by this version"));
        };
        let deadline = context.deadline();
        let timeout_us = match deadline {
            None => 0,
            Some(deadline) => match remaining_us(deadline, now) {
                0 => {
                    return Err(Status::deadline_exceeded(
                        "the deadline had passed before the call was sent",
                    ));
                }
                micros => micros,
            },
        };
        let open = Open {
            timeout_us,
            sent_ms: sent_ms(epoch.now_ms()),
            method: method.hash(),
            attempt: context.attempt(),
            ..Open::default()
        };
        let length = message.len() + metadata_len(&metadata) + FRAME_OVERHEAD;
        let frame = build(length, |buffer| open.encode(metadata.raw(), &message, buffer))
            .map_err(|error| Status::resource_exhausted(format!("the request's metadata: {error}")))?;
        let limit = frame_limit(epoch.max_payload());
        if frame.len() > limit {
            return Err(Status::resource_exhausted(format!(
                "the request of {} bytes does not fit into a message of {limit} bytes",
                message.len()
            )));
        }
        let ticket = Ticket::open(epoch, deadline)
            .ok_or_else(|| Status::resource_exhausted("16 million calls are waiting on this connection"))?;
        // With the slot taken, an end of the connection from here on reaches it.
        if ticket.epoch().has_ended() {
            return Err(Status::transport("not connected: the connection has ended"));
        }
        let reply = Some(ticket.reply_subject());
        ticket.epoch().send(Outgoing { subject, reply, headers: None, payload: frame });
        Ok(Self { ticket, method })
    }

    fn failed(&self, delivery: &Delivery) -> Status {
        let method = &self.method;
        match delivery {
            Delivery::NoResponders => Status::transport(format!("nobody serves {method} at the moment")),
            Delivery::Disconnected => Status::transport(format!(
                "the connection ended while {method} was in flight: it may or may not have run"
            )),
            Delivery::Expired | Delivery::Message { .. } => {
                Status::deadline_exceeded(format!("no answer to {method} before the deadline"))
            }
        }
    }
}

impl Future for Exchange {
    type Output = Result<Reply, Status>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        loop {
            match ready!(self.ticket.poll_recv(cx)) {
                Delivery::Message { headers, payload } => {
                    if let Some(outcome) = interpret(headers.as_deref(), &payload) {
                        return Poll::Ready(outcome);
                    }
                }
                delivery => return Poll::Ready(Err(self.failed(&delivery))),
            }
        }
    }
}

/// What a message means that came to the call's reply subject. `None`: it is no answer. A stream that covers the
/// method's subject acknowledges there, for example.
fn interpret(headers: Option<&Headers>, payload: &Bytes) -> Option<Result<Reply, Status>> {
    if let Some(headers) = headers {
        return service_error(headers).map(Err);
    }
    if wire::profile(payload, false) != Profile::Native {
        return None;
    }
    let broken = |error: wire::Malformed| Status::internal(format!("the answer is broken: {error}"));
    let frame = match Frame::split(payload) {
        Ok(frame) => frame,
        Err(error) => return Some(Err(broken(error))),
    };
    let outcome = match Kind::from_byte(frame.kind) {
        Some(Kind::Terminal) => Terminal::decode(&frame.header).map(|end| ended(&end, frame.body.clone())),
        Some(Kind::Refused) => Refused::decode(&frame.header).map(|refused| Err(refusal(&refused))),
        None if !Kind::is_ignorable(frame.kind) => {
            let text = format!("the answer is a frame of the unknown kind {:#04x}", frame.kind);
            Ok(Err(Status::internal(text)))
        }
        _ => return None,
    };
    Some(outcome.unwrap_or_else(|error| Err(broken(error))))
}

fn ended(end: &Terminal<'_>, message: Bytes) -> Result<Reply, Status> {
    let (head, trailers) = (received(end.head.clone()), received(end.trailers.clone()));
    match Code::from_number(end.code) {
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
    Status::new(code, text).with_origin(Origin::Remote)
}

/// An error in the form of ADR-32, which services that know nothing of frames answer with.
fn service_error(headers: &Headers) -> Option<Status> {
    let (number, text) = (headers.get(plain::ERROR_CODE), headers.get(plain::ERROR));
    let text = text.or(number.map(|_| ""))?;
    let code = Code::from_number(plain::code(number.unwrap_or_default()));
    Some(Status::new(code, plain::percent_decode(text).into_owned()).with_origin(Origin::Remote))
}

/// Copies: a slice would keep the NATS client's whole read buffer alive.
pub(super) fn received(entries: Entries<'_>) -> Metadata {
    let mut metadata = Metadata::new();
    for (key, value) in entries {
        metadata.append_received(key, Bytes::copy_from_slice(value));
    }
    metadata
}

pub(super) fn metadata_len(metadata: &Metadata) -> usize {
    metadata.raw().map(|(key, value)| key.len() + value.len() + 12).sum()
}

/// The largest frame where the server allows messages of `max_payload` bytes.
pub(super) fn frame_limit(max_payload: usize) -> usize {
    max_payload.min(wire::DEFAULT_MAX_MESSAGE as usize).saturating_sub(wire::MESSAGE_RESERVE)
}

fn remaining_us(deadline: Instant, now: Instant) -> u64 {
    let micros = deadline.saturating_duration_since(now).as_micros();
    u64::try_from(micros).unwrap_or(u64::MAX)
}

/// What OPEN says of the time: unix milliseconds modulo 2^32, where 0 would mean that it is not said.
#[expect(clippy::cast_possible_truncation, reason = "the wire has the low 32 bits")]
fn sent_ms(now_ms: u64) -> u32 {
    (now_ms as u32).max(1)
}
