use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::attempt::{Attempt, Expected};
use super::call_id::CallId;
use super::exchange::Coalescing;
use super::first::{FRAME_OVERHEAD, First, Rest, first_of_message};
use super::frames::{frame_limit, metadata_len};
use super::{Budget, Call, Compression, Destination, Parts, Remote, build};
use crate::call::{Cancelled, Context, TraceContext};
use crate::metadata::Metadata;
use crate::spec::{Idempotency, Kind, Method};
use crate::status::{Reason, Status};
use crate::subject::Subject;
use crate::transport::{Connection, Epoch, Flow, Limits, Outgoing, Sharing, Ticket};
use crate::wire::flow::{Inbound, Outbound};
use crate::wire::{Accept, DEFAULT_ACCEPT_AFTER_MS, DEFAULT_MAX_MESSAGE, Features, Numbers, Open, OpenFlags};

const ACCEPT_AFTER: Duration = Duration::from_millis(DEFAULT_ACCEPT_AFTER_MS as u64);

/// A call as it can be sent, more than once if need be.
pub(super) struct Draft {
    pub(super) method: Method,
    pub(super) remote: Arc<Remote>,
    pub(super) limits: Limits,
    compression: Option<Compression>,
    /// It lasts as long as its calls.
    connection: Connection,
    context: Context,
    metadata: Metadata,
    subject: Subject,
    first: First,
    coalescing: Coalescing,
    /// What pays for further attempts, if it is not the service's own.
    budget: Option<Arc<Budget>>,
    /// The same in all attempts.
    call_id: CallId,
}

impl Draft {
    pub(super) fn new(mut call: Call, first: First, to: Destination) -> Self {
        let Destination { connection, subject, remote, mut limits, compression, coalescing } = to;
        if let Some(window) = call.max_window() {
            limits.max_window = window.into();
        }
        let budget = call.take_budget();
        let call_id = call.call_id();
        let Parts { method, context, metadata, .. } = call.into_parts();
        let call_id = match (call_id, method.idempotency()) {
            (Some(id), _) => Some(id).into(),
            // To instances that remember calls together, it would be one call that one of them is to run.
            (None, _) if first.flags.contains(OpenFlags::SCATTER) => CallId::default(),
            // The service may remember what it has done for this call.
            (None, Idempotency::Idempotent) => CallId::random(),
            (None, _) => CallId::default(),
        };
        Self {
            method,
            remote,
            limits,
            compression,
            connection,
            context,
            metadata,
            subject,
            first,
            coalescing,
            budget,
            call_id,
        }
    }

    /// What pays for further attempts.
    pub(super) fn budget(&self) -> &Budget {
        self.budget.as_ref().unwrap_or(&self.remote.budget)
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        self.context.deadline()
    }

    pub(super) fn subject(&self) -> &Subject {
        &self.subject
    }

    pub(super) fn connection(&self) -> &Connection {
        &self.connection
    }

    /// How messages of a stream are compressed for a service that can read so many encodings.
    pub(super) fn compression_for(&self, readable: u32) -> Option<Compression> {
        self.compression.filter(|compression| readable & compression.bit() != 0)
    }

    /// Takes the compression back, if there is any. Returns what an attempt then has to send once it is accepted.
    pub(super) fn decompress(&mut self, epoch: &Epoch) -> Option<Rest> {
        let message = self.first.take_plain()?;
        let used = metadata_len(&self.metadata) + FRAME_OVERHEAD;
        let room = frame_limit(epoch.max_payload()).saturating_sub(used);
        let (first, rest) = first_of_message(message, room);
        self.first = first;
        Some(rest)
    }

    /// Completes when the handler that makes the call is given up.
    pub(super) fn until_cancelled(&self) -> Cancelled {
        self.context.until_cancelled()
    }

    /// Whether the response is a stream.
    pub(super) fn streams_responses(&self) -> bool {
        matches!(self.method.kind(), Kind::ServerStreaming | Kind::BidiStreaming)
    }

    /// Whether an attempt sends frames after its OPEN, or receives a stream.
    pub(super) fn is_stream(&self) -> bool {
        self.method.kind() != Kind::Unary || self.first.parts().total_len != 0
    }

    /// Sends the call, after `before` other attempts.
    ///
    /// # Errors
    /// DEADLINE_EXCEEDED when the deadline has passed, RESOURCE_EXHAUSTED when the request is too large or too
    /// many calls or streams are open, UNAVAILABLE when the connection has ended.
    pub(super) fn send(&mut self, epoch: Arc<Epoch>, before: u32, now: Instant) -> Result<Attempt, Status> {
        let deadline = self.deadline();
        let timeout = self.time_left(now)?;
        // A call that will not wait long enough for it needs no ACCEPT.
        let asks = timeout.is_none_or(|timeout| timeout >= 2 * ACCEPT_AFTER);
        let before = self.context.attempt() + before;
        if before > 0 && self.call_id.get().is_none() {
            self.call_id = CallId::random();
        }
        let opening = self.opening(&epoch, timeout, asks, before, now)?;
        let expected = Expected { asks, sent: now, deadline };
        // Before there is an attempt, which would wait for an ACCEPT even if it was never sent.
        let flow =
            self.is_stream().then(|| self.flow(&epoch)).transpose().map_err(Status::with_not_processed)?;
        let ticket = Ticket::open(epoch, self.subject.clone(), expected.alarm(self.remote.rtt.get()))
            .map_err(Status::with_not_processed)?;
        let mut attempt = Attempt::new(ticket, expected, self.remote.rtt.wants_sample(now));
        if let Some(flow) = flow {
            attempt.attach(flow);
        }
        let epoch = attempt.ticket().epoch();
        let ticket = attempt.ticket();
        epoch.send(match self.batch(epoch, now) {
            Some(most) => Outgoing { sharing: Sharing::Batch { token: ticket.token(), most }, ..opening },
            None => Outgoing { reply: Some(ticket.reply_subject()), ..opening },
        });
        Ok(attempt)
    }

    /// Sends the call to all instances. Each answers once.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub(super) fn scatter(&self, epoch: &Arc<Epoch>, now: Instant) -> Result<Ticket, Status> {
        let opening = self.opening(epoch, self.time_left(now)?, false, 0, now)?;
        let ticket = Ticket::open(Arc::clone(epoch), self.subject.clone(), self.deadline())
            .map_err(Status::with_not_processed)?;
        epoch.send(Outgoing { reply: Some(ticket.reply_subject()), ..opening });
        Ok(ticket)
    }

    /// The service has answered an attempt; its handler took `busy`.
    pub(super) fn answered(&self, attempt: &mut Attempt, busy: Duration) {
        attempt.answered(&self.remote, busy);
        self.remote.batching.record(self.method.hash(), busy);
    }

    /// An instance has the call. `false`: it has said so before.
    pub(super) fn accepted(&self, attempt: &mut Attempt, accept: &Accept<'_>) -> bool {
        self.remote.learn(attempt.ticket().epoch(), accept.features);
        attempt.accepted(accept, &self.subject, &self.remote)
    }

    /// With how many calls it may go in a BATCH, itself included.
    fn batch(&self, epoch: &Epoch, now: Instant) -> Option<u8> {
        let sampled = self.context.trace().is_some_and(TraceContext::is_sampled);
        if self.is_stream() || sampled {
            return None;
        }
        let most = self.remote.batching.most(epoch, self.method.hash(), now)?;
        match self.coalescing {
            Coalescing::All => Some(most),
            Coalescing::Nothing => Some(1),
            Coalescing::Answers => None,
        }
    }

    fn time_left(&self, now: Instant) -> Result<Option<Duration>, Status> {
        let timeout = self.deadline().map(|deadline| deadline.saturating_duration_since(now));
        if timeout.is_some_and(|timeout| timeout.is_zero()) {
            let text = "the deadline had passed before the call was sent";
            return Err(Status::deadline_exceeded(text).with_not_processed());
        }
        Ok(timeout)
    }

    fn flow(&self, epoch: &Arc<Epoch>) -> Result<Arc<Flow>, Status> {
        let outbound = Outbound::requests(self.first.body.len() as u64, self.first.parts().messages);
        Flow::open(epoch, self.limits, outbound, Inbound::responses(self.window(epoch)))
    }

    /// What a stream of responses may send before it gets credit. One response gets it when it turns out to be large;
    /// a service that sends several all the same is to be told from one that breaks the protocol.
    fn window(&self, epoch: &Epoch) -> u64 {
        if self.is_stream() { epoch.first_window() } else { 0 }
    }

    /// What the client shows that it takes.
    fn features(&self) -> Features {
        let shape = if self.is_stream() { STREAM_FEATURES } else { Features::CHUNKS };
        if self.coalescing == Coalescing::Nothing { shape } else { shape.with(Features::PACK) }
    }

    fn opening(
        &self,
        epoch: &Epoch,
        timeout: Option<Duration>,
        asks: bool,
        before: u32,
        now: Instant,
    ) -> Result<Outgoing, Status> {
        let (trace, parts) = (self.context.trace(), self.first.parts());
        let trace_bytes = trace.map(TraceContext::to_bytes);
        let open = Open {
            timeout_us: timeout
                .map_or(0, |timeout| u64::try_from(timeout.as_micros()).unwrap_or(u64::MAX).max(1)),
            sent_ms: sent_ms(self.remote.skew.correct(epoch.unix_ms(now), now)),
            method: self.method.hash(),
            call_id: self.call_id.number(),
            attempt: before,
            priority: self.context.priority().number(),
            accept_after_ms: (!asks).then_some(0),
            features: self.features(),
            window: u32::try_from(self.window(epoch)).unwrap_or(u32::MAX),
            max_message: u32::try_from(epoch.max_payload()).unwrap_or(u32::MAX).min(DEFAULT_MAX_MESSAGE),
            flags: match trace {
                Some(trace) if !trace.is_sampled() => self.first.flags.with(OpenFlags::NOT_SAMPLED),
                _ => self.first.flags,
            },
            lens: Numbers::from_slice(&parts.lens),
            total_len: parts.total_len,
            encoding: parts.encoding,
            accept_encodings: Compression::readable(),
            trace: trace_bytes.as_ref().map_or(&[], |bytes| &bytes[..]),
            tracestate: self.context.trace_state(),
            ..Open::default()
        };
        let (inline, apart) = Outgoing::divide(&self.first.body);
        let length = inline.len() + metadata_len(&self.metadata) + FRAME_OVERHEAD;
        let frame =
            build(length, |buffer| open.encode(self.metadata.raw(), inline, buffer)).map_err(|error| {
                Status::resource_exhausted(format!("the request's metadata: {error}"))
                    .with_reason(Reason::TooLarge)
                    .with_not_processed()
            })?;
        let opening = Outgoing { body: apart, ..Outgoing::new(self.subject.clone(), frame) };
        let limit = frame_limit(epoch.max_payload());
        if opening.len() <= limit {
            return Ok(opening);
        }
        let body_len = self.first.body.len();
        let text = format!("the request of {body_len} bytes does not fit into a message of {limit} bytes");
        Err(Status::resource_exhausted(text).with_reason(Reason::TooLarge).with_not_processed())
    }
}

/// What a client shows that opens a stream.
const STREAM_FEATURES: Features = Features::STREAMS.with(Features::CHUNKS).with(Features::AUDIT);

/// What OPEN says of the time: unix milliseconds modulo 2^32, where 0 would mean that it is not said.
#[expect(clippy::cast_possible_truncation, reason = "the wire has the low 32 bits")]
fn sent_ms(now_ms: u64) -> u32 {
    (now_ms as u32).max(1)
}
