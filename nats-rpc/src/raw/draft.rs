use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;

use super::attempt::{Attempt, Expected};
use super::frames::{frame_limit, metadata_len};
use super::{Body, Call, Remote, build};
use crate::call::Context;
use crate::metadata::Metadata;
use crate::spec::Method;
use crate::status::Status;
use crate::subject::Subject;
use crate::transport::{Epoch, Outgoing, Ticket};
use crate::wire::{DEFAULT_ACCEPT_AFTER_MS, DEFAULT_MAX_MESSAGE, Open, OpenFlags};

/// The most that a frame needs beside metadata and body.
const FRAME_OVERHEAD: usize = 64;
const ACCEPT_AFTER: Duration = Duration::from_millis(DEFAULT_ACCEPT_AFTER_MS as u64);

/// A message of this length is not kept twice, in its frame and for another one.
const LARGE: usize = 4 * 1024;

/// A unary call as it can be sent, more than once if need be.
pub(super) struct Draft {
    pub(super) method: Method,
    pub(super) remote: Arc<Remote>,
    context: Context,
    metadata: Metadata,
    message: Bytes,
    subject: Subject,
    /// The same in all attempts; 0 as long as there is only one.
    call_id: u128,
}

impl Draft {
    /// # Errors
    /// UNIMPLEMENTED for streams.
    pub(super) fn new(call: Call, subject: Subject, remote: Arc<Remote>) -> Result<Self, Status> {
        let (method, context, metadata, body) = call.into_parts();
        let Body::Unary(message) = body else {
            let text = "streams are not carried over NATS by this version";
            return Err(Status::unimplemented(text).with_not_processed());
        };
        Ok(Self { method, remote, context, metadata, message, subject, call_id: 0 })
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        self.context.deadline()
    }

    pub(super) fn subject(&self) -> &Subject {
        &self.subject
    }

    /// Sends the call, after `before` other attempts.
    ///
    /// # Errors
    /// DEADLINE_EXCEEDED when the deadline has passed, RESOURCE_EXHAUSTED when the request is too large or too
    /// many calls are waiting, UNAVAILABLE when the connection has ended.
    pub(super) fn send(&mut self, epoch: &Arc<Epoch>, before: u32, now: Instant) -> Result<Attempt, Status> {
        let deadline = self.deadline();
        let timeout = deadline.map(|deadline| deadline.saturating_duration_since(now));
        if timeout.is_some_and(|timeout| timeout.is_zero()) {
            let text = "the deadline had passed before the call was sent";
            return Err(Status::deadline_exceeded(text).with_not_processed());
        }
        // A call that will not wait long enough for it needs no ACCEPT.
        let asks = timeout.is_none_or(|timeout| timeout >= 2 * ACCEPT_AFTER);
        if before > 0 && self.call_id == 0 {
            self.call_id = rand::random();
        }
        let frame = self.frame(epoch, timeout, asks, before, now)?;
        let limit = frame_limit(epoch.max_payload());
        let message_len = self.message.len();
        if frame.len() > limit {
            return Err(Status::resource_exhausted(format!(
                "the request of {message_len} bytes does not fit into a message of {limit} bytes"
            ))
            .with_not_processed());
        }
        if message_len > LARGE {
            // From here on it is kept only once.
            self.message = frame.slice(frame.len() - message_len..);
        }
        let expected = Expected { asks, sent: now, deadline, rtt: self.remote.rtt.get() };
        let ticket = Ticket::open(epoch, self.subject.clone(), expected.alarm())
            .map_err(Status::with_not_processed)?;
        let reply = Some(ticket.reply_subject());
        epoch.send(Outgoing { subject: self.subject.clone(), reply, headers: None, payload: frame });
        Ok(Attempt::new(ticket, expected, self.remote.rtt.wants_sample(now)))
    }

    fn frame(
        &self,
        epoch: &Epoch,
        timeout: Option<Duration>,
        asks: bool,
        before: u32,
        now: Instant,
    ) -> Result<Bytes, Status> {
        let trace = self.context.trace();
        let trace_bytes = trace.map(crate::call::TraceContext::to_bytes);
        let open = Open {
            timeout_us: timeout
                .map_or(0, |timeout| u64::try_from(timeout.as_micros()).unwrap_or(u64::MAX).max(1)),
            sent_ms: sent_ms(self.remote.skew.correct(epoch.unix_ms(now), now)),
            method: self.method.hash(),
            call_id: self.call_id,
            attempt: before,
            priority: self.context.priority().number(),
            accept_after_ms: (!asks).then_some(0),
            max_message: u32::try_from(epoch.max_payload()).unwrap_or(u32::MAX).min(DEFAULT_MAX_MESSAGE),
            flags: match trace {
                Some(trace) if !trace.is_sampled() => OpenFlags::NOT_SAMPLED,
                _ => OpenFlags::NONE,
            },
            trace: trace_bytes.as_ref().map_or(&[], |bytes| &bytes[..]),
            tracestate: self.context.trace_state(),
            ..Open::default()
        };
        let length = self.message.len() + metadata_len(&self.metadata) + FRAME_OVERHEAD;
        build(length, |buffer| open.encode(self.metadata.raw(), &self.message, buffer)).map_err(|error| {
            Status::resource_exhausted(format!("the request's metadata: {error}")).with_not_processed()
        })
    }
}

/// What OPEN says of the time: unix milliseconds modulo 2^32, where 0 would mean that it is not said.
#[expect(clippy::cast_possible_truncation, reason = "the wire has the low 32 bits")]
fn sent_ms(now_ms: u64) -> u32 {
    (now_ms as u32).max(1)
}
