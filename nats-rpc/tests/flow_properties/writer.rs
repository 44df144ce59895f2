//! How messages are cut into frames: the rule of `raw::writer`.

use std::collections::VecDeque;

use nats_rpc::wire::flow::Outbound;
use nats_rpc::wire::{LONGEST_CHUNK, SHORTEST_ROOM};

/// Messages that are ready go out together, in frames of about this length.
const FULL: usize = 16 * 1024;

#[derive(Debug)]
pub(crate) struct Writer {
    /// Those that are ready, by number and length.
    messages: VecDeque<(usize, usize)>,
    chunks: Option<Chunks>,
    widest: u64,
    exceeds_window: bool,
    /// The longest body of a frame.
    frame: usize,
    half_close: bool,
}

#[derive(Debug)]
struct Chunks {
    message: usize,
    total: usize,
    gone: usize,
}

/// A DATA.
#[derive(Debug, Clone)]
pub(crate) struct Packet {
    pub(crate) seq: u64,
    pub(crate) content: Content,
    pub(crate) end: bool,
}

#[derive(Debug, Clone)]
pub(crate) enum Content {
    /// Whole messages, by number and length.
    Messages(Vec<(usize, usize)>),
    /// A part of one: its number, from where on, how long, and the length of all in the first.
    Chunk { message: usize, from: usize, len: usize, total: usize },
}

impl Content {
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Messages(messages) => messages.iter().map(|(_, len)| len).sum(),
            Self::Chunk { len, .. } => *len,
        }
    }
}

impl Writer {
    pub(crate) fn new(frame: usize) -> Self {
        Self {
            messages: VecDeque::new(),
            chunks: None,
            widest: 0,
            exceeds_window: false,
            frame,
            half_close: false,
        }
    }

    pub(crate) fn push(&mut self, message: usize, len: usize) {
        self.messages.push_back((message, len));
    }

    pub(crate) fn half_close(&mut self) {
        self.half_close = true;
    }

    pub(crate) fn is_done(&self) -> bool {
        self.messages.is_empty() && self.chunks.is_none() && !self.half_close
    }

    /// The next frame, if there is room for one.
    pub(crate) fn send(&mut self, outbound: &mut Outbound) -> Option<Packet> {
        let rest = self.chunks.as_ref().map(|chunks| chunks.total - chunks.gone);
        let least = match rest.or(self.messages.front().map(|(_, len)| *len)) {
            Some(len) => SHORTEST_ROOM.min(len as u64),
            None if self.half_close => 0,
            None => return None,
        };
        let room = outbound.room().filter(|room| *room >= least)?;
        if !self.exceeds_window {
            self.widest = self.widest.max(room);
        }
        let most = usize::try_from(room).expect("64 bits").min(self.frame);
        if self.chunks.is_some() {
            return self.send_chunk(outbound, most);
        }
        let mut body_len = 0;
        let count = self.messages.iter().enumerate().take_while(|(before, (_, len))| {
            let fits = body_len + len <= most && (*before == 0 || body_len + len <= FULL);
            body_len += len;
            fits
        });
        let count = count.count();
        if let (0, Some((message, len))) = (count, self.messages.front().copied()) {
            if len <= self.frame && len as u64 <= self.widest / 4 {
                return None;
            }
            self.messages.pop_front();
            self.chunks = Some(Chunks { message, total: len, gone: 0 });
            self.exceeds_window = true;
            return self.send_chunk(outbound, most);
        }
        let messages: Vec<_> = self.messages.drain(..count).collect();
        let end = self.messages.is_empty() && std::mem::take(&mut self.half_close);
        let content = Content::Messages(messages);
        Some(Packet { seq: outbound.send(content.len(), count as u64), content, end })
    }

    fn send_chunk(&mut self, outbound: &mut Outbound, most: usize) -> Option<Packet> {
        let Chunks { message, total, gone } = self.chunks.as_mut()?;
        let (message, from) = (*message, *gone);
        let len = (*total - from).min(most).min(LONGEST_CHUNK);
        *gone += len;
        let content = Content::Chunk { message, from, len, total: if from == 0 { *total } else { 0 } };
        let last = *gone == *total;
        if last {
            self.chunks = None;
        }
        Some(Packet { seq: outbound.send(len, last.into()), content, end: false })
    }
}
