use std::mem;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;

use super::Compression;
use crate::transport::{Closed, Flow, Packet, Room};
use crate::wire::flow::cost;
use crate::wire::{FRAME_COST, LONGEST_CHUNK, MAX_MESSAGES, SHORTEST_CHUNK, SHORTEST_ROOM};

/// Messages that are ready go out together, in frames of about this length. With its header and what NATS adds, such a
/// frame is shorter than 16 KiB: NATS clients and servers read 32 or 64 KiB at once, and copy what does not fit in.
const FULL: usize = 14 * 1024;
/// Frames that are ready go out in one write of about this length: all that read them then do so at once, too.
const WRITE: usize = 64 * 1024;
/// A writer gives way to others after so many frames.
const TURN: u32 = 16;

/// Sends the messages of one direction as far as the other side has room: several in a frame when they are ready
/// together, and in chunks when they are large. It never waits for more of them.
pub(crate) struct Writer {
    flow: Arc<Flow>,
    compression: Option<Compression>,
    messages: Vec<Bytes>,
    lens: Vec<u32>,
    /// How each is compressed.
    encodings: Vec<u32>,
    bytes: usize,
    chunks: Option<Chunks>,
    /// The most that could be sent at once so far, which the window is at least.
    widest: u64,
    /// So much room there may be for the sake of a message in chunks, whatever the window is.
    allowed: u64,
    half_close: HalfClose,
    frames: u32,
    /// What was added and not yet let go, in bytes.
    added: usize,
}

/// A message that goes in chunks.
struct Chunks {
    rest: Bytes,
    /// In the first chunk, the whole length.
    total: u64,
    encoding: u32,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum HalfClose {
    No,
    Due,
    Done,
}

/// What comes from where the messages are made.
pub(crate) enum Item<T> {
    Message(Bytes),
    /// Nothing comes after it.
    Last(T),
}

impl Writer {
    pub(crate) fn new(flow: Arc<Flow>, compression: Option<Compression>) -> Self {
        Self {
            flow,
            compression,
            messages: Vec::new(),
            lens: Vec::new(),
            encodings: Vec::new(),
            bytes: 0,
            chunks: None,
            widest: 0,
            allowed: 0,
            half_close: HalfClose::No,
            frames: 0,
            added: 0,
        }
    }

    /// A writer that goes on with a message whose first chunk was sent.
    pub(crate) fn within_message(flow: Arc<Flow>, rest: Bytes) -> Self {
        let allowed = allowed_for(rest.len());
        let chunks = Some(Chunks { rest, total: 0, encoding: 0 });
        Self { chunks, allowed, ..Self::new(flow, None) }
    }

    pub(crate) fn push(&mut self, message: Bytes) {
        let compressed = self.compression.and_then(|compression| compression.compress(&message));
        let (message, encoding) = compressed.unwrap_or((message, 0));
        self.encodings.push(encoding);
        self.bytes += message.len();
        // Longer ones go alone, and there this is not said.
        self.lens.push(u32::try_from(message.len()).unwrap_or(u32::MAX));
        self.messages.push(message);
    }

    /// After what was pushed, nothing follows.
    pub(crate) fn half_close(&mut self) {
        self.half_close = HalfClose::Due;
    }

    fn is_full(&self) -> bool {
        self.bytes >= FULL || self.messages.len() >= MAX_MESSAGES || self.chunks.is_some()
    }

    /// Sends all that `next` gives. What is ready together is sent together, and nothing waits for more.
    pub(crate) fn poll_all<T>(
        &mut self,
        cx: &mut Context<'_>,
        next: impl FnMut(&mut Context<'_>) -> Poll<Item<T>>,
    ) -> Poll<Result<T, Closed>> {
        let polled = self.poll_add_all(cx, next);
        self.send_added();
        polled
    }

    fn poll_add_all<T>(
        &mut self,
        cx: &mut Context<'_>,
        mut next: impl FnMut(&mut Context<'_>) -> Poll<Item<T>>,
    ) -> Poll<Result<T, Closed>> {
        loop {
            while self.is_full() {
                ready!(self.poll_frame(cx))?;
            }
            match next(cx) {
                Poll::Ready(Item::Message(message)) => self.push(message),
                Poll::Ready(Item::Last(last)) => return Poll::Ready(Ok(last)),
                Poll::Pending => {
                    ready!(self.poll_add(cx))?;
                    ready!(self.flow.poll_over(cx));
                    return Poll::Ready(Err(Closed));
                }
            }
        }
    }

    /// Sends everything.
    pub(crate) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Closed>> {
        let polled = self.poll_add(cx);
        self.send_added();
        polled
    }

    fn send_added(&mut self) {
        if mem::take(&mut self.added) > 0 {
            self.flow.send_added();
        }
    }

    fn poll_add(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Closed>> {
        while self.least().is_some() {
            ready!(self.poll_frame(cx))?;
        }
        Poll::Ready(Ok(()))
    }

    /// Adds one frame of what there is.
    fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Closed>> {
        let Some(least) = self.least() else { return Poll::Ready(Ok(())) };
        if self.frames >= TURN {
            self.frames = 0;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let Poll::Ready(room) = self.flow.poll_room(cx, least) else {
            self.frames = 0;
            return Poll::Pending;
        };
        let room = room?;
        if room.credit > self.allowed {
            self.widest = self.widest.max(room.credit);
        }
        if self.chunks.is_some() {
            self.add_chunk(room);
        } else {
            ready!(self.poll_messages(cx, room))?;
        }
        self.frames += 1;
        if self.added >= WRITE {
            self.send_added();
        }
        Poll::Ready(Ok(()))
    }

    /// The room without which nothing can be sent; `None`: there is nothing to be sent.
    fn least(&self) -> Option<u64> {
        let next = self.chunks.as_ref().map(|chunks| &chunks.rest).or(self.messages.first());
        match next {
            Some(message) => Some(SHORTEST_ROOM.min(message.len() as u64)),
            None => (self.half_close == HalfClose::Due).then_some(0),
        }
    }

    fn add_chunk(&mut self, room: Room) {
        let Some(Chunks { rest, total, encoding }) = &mut self.chunks else { return };
        let most = usize::try_from(room.credit).unwrap_or(usize::MAX).min(room.frame).min(LONGEST_CHUNK);
        let chunk = rest.split_to(rest.len().min(most));
        let last = rest.is_empty();
        // With more room than when it was begun, the first chunk may be the whole message, which is none then.
        let total = if last { 0 } else { mem::take(total) };
        let (chunk_len, allowed) = (chunk.len(), if last { 0 } else { allowed_for(rest.len()) });
        self.flow.add_chunk(chunk, total, *encoding, last);
        self.added(chunk_len);
        self.allowed = self.allowed.max(allowed);
        if last {
            self.chunks = None;
        }
    }

    /// A frame with a body of this length was added.
    fn added(&mut self, body_len: usize) {
        self.added += body_len + FRAME_COST as usize;
        self.allowed = self.allowed.saturating_sub(cost(body_len));
    }

    /// Adds as many messages as there is room for, or begins with one for which there never is enough.
    fn poll_messages(&mut self, cx: &mut Context<'_>, room: Room) -> Poll<Result<(), Closed>> {
        let most = usize::try_from(room.credit).unwrap_or(usize::MAX).min(room.frame);
        let (mut count, mut body_len) = (0, 0);
        let encoding = self.encodings.first().copied().unwrap_or_default();
        for (message, own) in self.messages.iter().zip(&self.encodings) {
            let longer = body_len + message.len();
            if longer > most || (count > 0 && (longer > FULL || *own != encoding)) {
                break;
            }
            count += 1;
            body_len += message.len();
        }
        if let (0, Some(first)) = (count, self.messages.first()) {
            let enough = first.len() as u64;
            // So much is given again as soon as what was sent is read, however narrow the window is.
            let is_given = enough <= self.widest / 4 && enough + FRAME_COST <= self.widest / 2;
            if first.len() <= room.frame && is_given {
                ready!(self.flow.poll_room(cx, enough))?;
                return Poll::Ready(Ok(()));
            }
            self.begin_chunks();
            return Poll::Ready(Ok(()));
        }
        let all = count == self.messages.len();
        let end = all && self.half_close == HalfClose::Due;
        let packet =
            Packet { messages: &self.messages[..count], lens: &self.lens[..count], body_len, encoding, end };
        self.flow.add(&packet);
        self.added(body_len);
        self.messages.drain(..count);
        self.lens.drain(..count);
        self.encodings.drain(..count);
        self.bytes -= body_len;
        if end {
            self.half_close = HalfClose::Done;
        }
        Poll::Ready(Ok(()))
    }

    fn begin_chunks(&mut self) {
        let message = self.messages.remove(0);
        self.lens.remove(0);
        let encoding = self.encodings.remove(0);
        self.bytes -= message.len();
        self.chunks = Some(Chunks { total: message.len() as u64, rest: message, encoding });
    }
}

/// The most that a receiver allows for so much of a message in chunks.
fn allowed_for(rest: usize) -> u64 {
    let frames = (rest as u64).div_ceil(SHORTEST_CHUNK) + 1;
    rest as u64 + frames * FRAME_COST
}
