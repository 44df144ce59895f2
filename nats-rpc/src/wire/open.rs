//! OPEN: starts a call.

use bytes::BytesMut;

use super::entries::Entries;
use super::field::Reader;
use super::numbers::{Numbers, Varint32};
use super::sink::{self, Header, Sink};
use super::{
    DEFAULT_MAX_MESSAGE, DEFAULT_WINDOW, Features, HeaderTooLarge, Kind, Malformed, OpenFlags, STALE_GRACE_MS,
};

/// The header of an OPEN.
#[derive(Clone, Debug)]
pub struct Open<'a> {
    /// How long the caller waits, counted from receipt, in microseconds; 0 is for ever.
    pub timeout_us: u64,
    /// Unix milliseconds at the client when it was sent, modulo 2^32; 0 is not said.
    pub sent_ms: u32,
    /// [`method_hash`](crate::spec::method_hash) of the method.
    pub method: u32,
    /// What the client can take.
    pub features: Features,
    /// The id under which attempts of one call are remembered; 0 is none.
    pub call_id: u128,
    /// How many attempts of this call there were before.
    pub attempt: u32,
    /// How important the call is: 0 default, 1 critical, 2 sheddable, 3 background.
    pub priority: u32,
    /// After how long an ACCEPT is wanted, in milliseconds: none is 25, 0 is never.
    pub accept_after_ms: Option<u32>,
    /// How much a response stream may send before it gets credit, in bytes.
    pub window: u32,
    /// The largest NATS message that the client can take, in bytes.
    pub max_message: u32,
    /// Flags.
    pub flags: OpenFlags,
    /// The lengths of the messages in the body; empty: see `messages`.
    pub lens: Numbers<'a, Varint32>,
    /// The metadata. [`encode`](Self::encode) takes it as an argument and does not look at this field.
    pub metadata: Entries<'a>,
    /// The trace context in binary form, for [`TraceContext::parse`](super::TraceContext::parse); may be empty.
    pub trace: &'a [u8],
    /// The length of the whole message, if the body is only its first chunk; otherwise 0.
    pub total_len: u64,
    /// The number of the [`Encoding`](super::Encoding) of the messages in the body.
    pub encoding: u32,
    /// The `tracestate` of the trace context.
    pub tracestate: &'a str,
    /// The encodings that the client can read, as [bits](super::Encoding::bit).
    pub accept_encodings: u32,
}

impl Default for Open<'_> {
    fn default() -> Self {
        Self {
            timeout_us: 0,
            sent_ms: 0,
            method: 0,
            features: Features::NONE,
            call_id: 0,
            attempt: 0,
            priority: 0,
            accept_after_ms: None,
            window: DEFAULT_WINDOW,
            max_message: DEFAULT_MAX_MESSAGE,
            flags: OpenFlags::NONE,
            lens: Numbers::default(),
            metadata: Entries::default(),
            trace: &[],
            total_len: 0,
            encoding: 0,
            tracestate: "",
            accept_encodings: 0,
        }
    }
}

impl<'a> Open<'a> {
    /// Reads a header.
    ///
    /// # Errors
    /// It is not a header of this kind.
    pub fn decode(header: &'a [u8]) -> Result<Self, Malformed> {
        let mut open = Self { window: 0, max_message: 0, ..Self::default() };
        let (mut call_hi, mut call_lo) = (0, 0);
        let mut reader = Reader::header("OPEN", header)?;
        loop {
            let at = reader.rest();
            let Some(field) = reader.field()? else { break };
            match field.number {
                1 => open.timeout_us = field.u64()?,
                2 => open.sent_ms = field.fixed32()?,
                3 => open.method = field.fixed32()?,
                4 => open.features = Features(field.u64()?),
                5 => call_hi = field.fixed64()?,
                6 => call_lo = field.fixed64()?,
                7 => open.attempt = field.u32()?,
                8 => open.priority = field.u32()?,
                9 => open.accept_after_ms = Some(field.u32()?),
                10 => open.window = field.u32()?,
                11 => open.max_message = field.u32()?,
                12 => open.flags = OpenFlags(field.u32()?),
                13 => open.lens.note(&field, at)?,
                14 => open.metadata.note(&field, at)?,
                15 => open.trace = field.bytes()?,
                16 => open.total_len = field.u64()?,
                17 => open.encoding = field.u32()?,
                18 => open.tracestate = field.text()?,
                19 => open.accept_encodings = field.u32()?,
                _ => {}
            }
        }
        open.call_id = u128::from(call_hi) << 64 | u128::from(call_lo);
        if open.window == 0 {
            open.window = DEFAULT_WINDOW;
        }
        if open.max_message == 0 {
            open.max_message = DEFAULT_MAX_MESSAGE;
        }
        Ok(open)
    }

    /// Appends a whole frame. The keys of the metadata have to be [keys](super::is_key).
    ///
    /// # Errors
    /// The header would be over 16 KiB; `out` is as it was.
    pub fn encode<'m, M>(&self, metadata: M, body: &[u8], out: &mut BytesMut) -> Result<(), HeaderTooLarge>
    where
        M: Iterator<Item = (&'m str, &'m [u8])> + Clone,
    {
        sink::encode(Kind::Open, &Fields { open: self, metadata }, body, out)
    }
}

struct Fields<'x, 'a, M> {
    open: &'x Open<'a>,
    metadata: M,
}

impl<'m, M: Iterator<Item = (&'m str, &'m [u8])> + Clone> Header for Fields<'_, '_, M> {
    fn write<S: Sink>(&self, sink: &mut S) {
        let open = self.open;
        sink.uint(1, open.timeout_us);
        sink.fixed32(2, open.sent_ms);
        sink.fixed32(3, open.method);
        sink.uint(4, open.features.0);
        sink.fixed64(5, (open.call_id >> 64) as u64);
        sink.fixed64(6, open.call_id as u64);
        sink.uint(7, open.attempt.into());
        sink.uint(8, open.priority.into());
        if let Some(ms) = open.accept_after_ms {
            sink.uint_present(9, ms.into());
        }
        if open.window != DEFAULT_WINDOW {
            sink.uint(10, open.window.into());
        }
        if open.max_message != DEFAULT_MAX_MESSAGE {
            sink.uint(11, open.max_message.into());
        }
        sink.uint(12, open.flags.0.into());
        sink.numbers(13, &open.lens);
        self.metadata.clone().for_each(|(key, value)| sink.pair(14, key, value));
        sink.bytes(15, open.trace);
        sink.uint(16, open.total_len);
        sink.uint(17, open.encoding.into());
        sink.bytes(18, open.tracestate.as_bytes());
        sink.uint(19, open.accept_encodings.into());
    }
}

/// Whether an OPEN lay somewhere for longer than its caller waited; times are unix milliseconds modulo 2^32.
///
/// This is a hint that depends on both clocks, so it is lenient; the deadline itself counts from receipt.
#[must_use]
pub const fn is_stale(now_ms: u32, sent_ms: u32, timeout_us: u64) -> bool {
    // Half of the circle is the past, the other half a client whose clock is ahead.
    let age = now_ms.wrapping_sub(sent_ms) as i32;
    sent_ms != 0 && timeout_us != 0 && age > 0 && age as u64 > timeout_us.div_ceil(1000) + STALE_GRACE_MS
}
