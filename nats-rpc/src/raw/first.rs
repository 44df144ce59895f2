use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
use futures_core::Stream;

use super::frames::metadata_len;
use super::writer::Writer;
use super::{Body, Call, Compression};
use crate::call::MessageStream;
use crate::spec::Kind;
use crate::status::Status;
use crate::transport::Flow;
use crate::wire::{DEFAULT_WINDOW, MAX_MESSAGES, OpenFlags};

/// The most that a frame needs beside metadata and body.
pub(super) const FRAME_OVERHEAD: usize = 80;
const FIRST_WINDOW: usize = DEFAULT_WINDOW as usize;

/// What an OPEN carries of the request.
pub(super) struct First {
    pub(super) body: Bytes,
    pub(super) flags: OpenFlags,
    /// `None`: the body is the one message, as it is.
    parts: Option<Box<Parts>>,
}

/// What the body of an OPEN is, if it is not one message as it is.
#[derive(Default)]
pub(super) struct Parts {
    pub(super) lens: Vec<u32>,
    /// The length of the whole message, if the body is only its first chunk.
    pub(super) total_len: u64,
    /// Whole messages in the body.
    pub(super) messages: u64,
    /// How they are compressed.
    pub(super) encoding: u32,
    /// The message as it was before.
    plain: Option<Bytes>,
}

static WHOLE: Parts = Parts { lens: Vec::new(), total_len: 0, messages: 1, encoding: 0, plain: None };

/// What follows once the call is accepted.
pub(super) enum Rest {
    None,
    /// The rest of a message.
    Chunks(Bytes),
    /// Messages.
    Messages(MessageStream),
    /// The same after those that were ready and did not fit any more.
    More(Bytes, MessageStream),
}

/// Takes a request that may be a stream, or too large for one frame, apart. A message up to `room` is not.
pub(super) async fn split(
    body: Body,
    room: usize,
    compression: Option<Compression>,
) -> Result<(First, Rest), Status> {
    match body {
        Body::Unary(message) => {
            let compressed = compression.and_then(|compression| compression.compress(&message));
            Ok(match compressed {
                None => first_of_message(message, room),
                Some((compressed, encoding)) => {
                    let (first, rest) = first_of_message(compressed, room);
                    (first.compressed(encoding, message), rest)
                }
            })
        }
        Body::Stream(stream) => {
            let mut stream = Some(stream);
            poll_fn(|cx| Poll::Ready(stream.take().map(|stream| first_of_stream(stream, cx))))
                .await
                .unwrap_or_else(|| Err(Status::internal("a stream was polled twice")))
        }
    }
}

/// Whether the OPEN of a unary call carries all of the request.
pub(super) fn is_all(call: &Call, message: &Bytes, limit: usize) -> bool {
    call.method().kind() == Kind::Unary && message.len() <= room(call, limit)
}

/// The longest message that fits into the OPEN.
pub(super) fn room(call: &Call, limit: usize) -> usize {
    limit.saturating_sub(metadata_len(call.metadata()) + FRAME_OVERHEAD)
}

impl First {
    /// For all instances.
    pub(super) fn scatter(message: Bytes) -> Self {
        Self { flags: OpenFlags::SCATTER, ..Self::message(message) }
    }

    pub(super) fn message(message: Bytes) -> Self {
        Self { body: message, flags: OpenFlags::NONE, parts: None }
    }

    pub(super) fn parts(&self) -> &Parts {
        self.parts.as_deref().unwrap_or(&WHOLE)
    }

    /// The message as it was before it was compressed. From now on it is not.
    pub(super) fn take_plain(&mut self) -> Option<Bytes> {
        self.parts.as_mut()?.plain.take()
    }

    fn compressed(self, encoding: u32, plain: Bytes) -> Self {
        let Parts { total_len, messages, .. } = *self.parts();
        let parts = Parts { lens: Vec::new(), total_len, messages, encoding, plain: Some(plain) };
        Self { parts: Some(Box::new(parts)), ..self }
    }
}

pub(super) fn first_of_message(mut message: Bytes, room: usize) -> (First, Rest) {
    if message.len() <= room {
        return (First::message(message), Rest::None);
    }
    let total_len = message.len() as u64;
    let chunk = message.split_to(FIRST_WINDOW.min(message.len().saturating_sub(1)));
    let parts = Some(Box::new(Parts { total_len, ..Parts::default() }));
    (First { parts, ..First::message(chunk) }, Rest::Chunks(message))
}

/// What is ready of a stream, as far as it fits. An error of the stream is one of the call.
fn first_of_stream(mut stream: MessageStream, cx: &mut Context<'_>) -> Result<(First, Rest), Status> {
    let mut messages: Vec<Bytes> = Vec::new();
    let mut len = 0;
    let mut flags = OpenFlags::NONE;
    let rest = loop {
        if messages.len() == MAX_MESSAGES {
            break Rest::Messages(stream);
        }
        match Pin::new(&mut stream).poll_next(cx) {
            Poll::Ready(Some(Ok(message))) if len + message.len() <= FIRST_WINDOW => {
                len += message.len();
                messages.push(message);
            }
            Poll::Ready(Some(Ok(message))) => break Rest::More(message, stream),
            Poll::Ready(Some(Err(status))) => return Err(status.with_not_processed()),
            Poll::Ready(None) => {
                flags = flags.with(OpenFlags::HALF_CLOSE);
                break Rest::None;
            }
            Poll::Pending => break Rest::Messages(stream),
        }
    };
    if messages.is_empty() {
        flags = flags.with(OpenFlags::NO_MESSAGE);
    }
    let lens = messages.iter().map(|message| u32::try_from(message.len()).unwrap_or(u32::MAX));
    let lens = if messages.len() > 1 { lens.collect() } else { Vec::new() };
    let count = messages.len() as u64;
    let body = match messages.pop() {
        Some(only) if messages.is_empty() => only,
        last => {
            let mut body = BytesMut::with_capacity(len);
            messages.iter().chain(&last).for_each(|message| body.extend_from_slice(message));
            body.freeze()
        }
    };
    let parts = Some(Box::new(Parts { lens, messages: count, ..Parts::default() }));
    Ok((First { body, flags, parts }, rest))
}

impl Rest {
    /// For one attempt, what it is to send once it is accepted. Messages can be sent once only; a message's rest can be
    /// sent again.
    pub(super) fn take(&mut self) -> Self {
        match self {
            Self::Chunks(rest) => Self::Chunks(rest.clone()),
            other => std::mem::replace(other, Self::None),
        }
    }

    /// Whether only one attempt can send it.
    pub(super) fn is_once(&self) -> bool {
        matches!(self, Self::Messages(_) | Self::More(..))
    }

    /// Sends it.
    pub(super) async fn send(self, flow: Arc<Flow>, compression: Option<Compression>) {
        let mut writer = Writer::new(Arc::clone(&flow), compression);
        let mut stream = match self {
            Self::None => return,
            Self::Chunks(rest) => {
                let mut writer = Writer::within_message(flow, rest);
                let _ = poll_fn(|cx| writer.poll_flush(cx)).await;
                return;
            }
            Self::Messages(stream) => stream,
            Self::More(message, stream) => {
                writer.push(message);
                stream
            }
        };
        super::requests::send(flow, writer, &mut stream).await;
    }
}
