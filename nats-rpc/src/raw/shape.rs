use bytes::Bytes;

use super::Terms;
use crate::spec::{self, Method};
use crate::transport::Messages;
use crate::wire::flow::Inbound;
use crate::wire::{
    self, DEFAULT_WINDOW, Features, MAX_MESSAGES, Malformed, Open, OpenFlags, Reason, RefusedReason, Via,
};

/// What an OPEN brings of a request.
pub(crate) enum Request {
    /// All of it.
    Message(Bytes),
    /// The first of its messages.
    Messages {
        messages: Option<Messages>,
        /// How many, and how long together.
        count: u64,
        len: u64,
        /// There are no more.
        end: bool,
    },
    /// The first chunk of a message.
    Chunk { chunk: Bytes, total_len: u64, encoding: u32 },
}

impl Request {
    /// Whether the caller waits to be told where to send the rest.
    pub(crate) fn awaits_more(&self) -> bool {
        match self {
            Self::Message(_) => false,
            Self::Messages { end, .. } => !end,
            Self::Chunk { .. } => true,
        }
    }

    /// How it is counted, where `window` may come at first.
    pub(crate) fn inbound(&self, window: u64) -> Inbound {
        match self {
            Self::Message(message) => Inbound::requests(0, message.len() as u64, 1),
            Self::Messages { count, len, .. } => Inbound::requests(window, *len, *count),
            Self::Chunk { chunk, .. } => Inbound::requests(window, chunk.len() as u64, 0),
        }
    }
}

/// The shape of a call: one message or several, in one frame or in more.
#[derive(Clone, Copy)]
pub(super) struct Shape {
    streams_requests: bool,
    /// It takes more than an OPEN and a TERMINAL.
    pub(super) is_stream: bool,
}

impl Shape {
    pub(super) fn of(open: &Open<'_>, method: &Method, body_len: usize) -> Result<Self, Malformed> {
        let no_message = open.flags.contains(OpenFlags::NO_MESSAGE);
        let is_chunk = open.total_len != 0;
        if is_chunk && (no_message || open.lens.len() != 0 || body_len as u64 >= open.total_len) {
            return Err(Malformed::new("OPEN", 16, Reason::Lens));
        }
        let kind = method.kind();
        let streams_requests = matches!(kind, spec::Kind::ClientStreaming | spec::Kind::BidiStreaming);
        Ok(Self { streams_requests, is_stream: kind != spec::Kind::Unary || is_chunk })
    }

    /// Why such a call is not taken here.
    pub(super) fn refusal(
        self,
        open: &Open<'_>,
        method: &Method,
        terms: Terms,
        via: Via,
    ) -> Option<(RefusedReason, String)> {
        let no_message = open.flags.contains(OpenFlags::NO_MESSAGE);
        if !self.streams_requests && (no_message || open.lens.len() != 0) {
            return Some((RefusedReason::Kind, format!("{method} takes exactly one message")));
        }
        if open.flags.contains(OpenFlags::SCATTER) && (self.is_stream || via == Via::SingletonImport) {
            return Some((
                RefusedReason::Kind,
                format!("{method} can't be called on all instances like this"),
            ));
        }
        if !self.is_stream {
            return None;
        }
        if via == Via::SingletonImport {
            let text = format!(
                "{method} needs more than one answer, and this import lets one through: export it with \
                 response_type: stream, and say so to the server with Imports::Stream"
            );
            return Some((RefusedReason::Import, text));
        }
        if method.kind() != spec::Kind::Unary && !open.features.contains(Features::STREAMS) {
            return Some((RefusedReason::Kind, format!("{method} is a stream")));
        }
        let is_too_large = open.total_len > terms.limits.max_message as u64;
        is_too_large.then(|| (RefusedReason::TooLarge, too_large_text(open.total_len, terms)))
    }

    /// The request, as far as it has come.
    pub(super) fn request(self, open: &Open<'_>, body: &Bytes) -> Result<Request, Malformed> {
        let is_first = self.streams_requests || open.total_len != 0;
        if is_first && body.len() > DEFAULT_WINDOW as usize {
            return Err(Malformed::new("OPEN", 0, Reason::Range));
        }
        if open.total_len != 0 {
            let (total_len, encoding) = (open.total_len, open.encoding);
            return Ok(Request::Chunk { chunk: body.clone(), total_len, encoding });
        }
        if !self.streams_requests {
            return Ok(Request::Message(body.clone()));
        }
        if open.lens.len() > MAX_MESSAGES {
            return Err(Malformed::new("OPEN", 13, Reason::Count));
        }
        let no_message = open.flags.contains(OpenFlags::NO_MESSAGE);
        let count = wire::messages(&open.lens, no_message, body)?.len() as u64;
        let kept = Bytes::copy_from_slice(body);
        let len = body.len() as u64;
        let messages = (!no_message).then(|| Messages::several(kept, open.lens.clone(), open.encoding, len));
        Ok(Request::Messages { messages, count, len, end: open.flags.contains(OpenFlags::HALF_CLOSE) })
    }
}

pub(super) fn too_large_text(len: u64, terms: Terms) -> String {
    format!("a message of {len} bytes is over the limit of {}", terms.limits.max_message)
}
