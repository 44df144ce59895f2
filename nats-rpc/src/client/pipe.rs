//! What is between whoever sends the messages of a call and what carries the call.

mod reader;
mod writer;

use std::collections::VecDeque;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;

pub(super) use self::reader::Reader;
pub(super) use self::writer::Writer;
use super::failure::Failure;
use crate::status::Status;

/// So much waits in a pipe, in bytes, or one message; and as much is with its reader, who takes all there is at once.
const ROOM: usize = 32 * 1024;
/// What a message takes besides its bytes.
const OVERHEAD: usize = size_of::<Bytes>();

/// Messages on their way. Wakers are woken outside of the lock.
#[derive(Debug, Default)]
pub(super) struct Pipe {
    state: Mutex<State>,
    failure: Failure,
}

#[derive(Debug, Default)]
struct State {
    messages: VecDeque<Bytes>,
    size: usize,
    /// Nothing more is written.
    closed: bool,
    /// Nothing more is read: the call has ended.
    ended: bool,
    reader: Option<Waker>,
    writer: Option<Waker>,
}

impl Pipe {
    pub(super) fn new() -> (Arc<Self>, Writer, Reader) {
        let pipe = Arc::new(Self::default());
        let (writer, reader) = (Writer::new(Arc::clone(&pipe)), Reader::new(Arc::clone(&pipe)));
        (pipe, writer, reader)
    }

    /// How the call was given up on this side, if it was.
    pub(super) fn failure(&self) -> &Failure {
        &self.failure
    }

    /// The call has ended.
    pub(super) fn end(&self) {
        let mut state = self.lock();
        state.ended = true;
        state.messages = VecDeque::new();
        let writer = state.writer.take();
        drop(state);
        writer.into_iter().for_each(Waker::wake);
    }

    /// Gives the call up, unless it has ended.
    pub(super) fn give_up(&self, status: Status) {
        let mut state = self.lock();
        if state.ended {
            return;
        }
        state.messages = VecDeque::new();
        let waiting = [state.reader.take(), state.writer.take()];
        self.failure.set(status);
        drop(state);
        waiting.into_iter().flatten().for_each(Waker::wake);
    }

    /// Nothing more is written.
    fn close(&self) {
        let mut state = self.lock();
        state.closed = true;
        let reader = state.reader.take();
        drop(state);
        reader.into_iter().for_each(Waker::wake);
    }

    /// Takes the message if there is room.
    fn poll_write(&self, message: &mut Bytes, cx: &Context<'_>) -> Poll<Result<(), Status>> {
        let mut state = self.lock();
        if let Some(status) = self.failure.get() {
            return Poll::Ready(Err(status.clone()));
        }
        if state.ended {
            return Poll::Ready(Err(Status::unknown("the call has ended: its receiver knows how")));
        }
        let size = message.len() + OVERHEAD;
        if !state.messages.is_empty() && state.size + size > ROOM {
            state.writer = Some(cx.waker().clone());
            return Poll::Pending;
        }
        state.size += size;
        state.messages.push_back(mem::take(message));
        let reader = state.reader.take();
        drop(state);
        reader.into_iter().for_each(Waker::wake);
        Poll::Ready(Ok(()))
    }

    /// Exchanges what is there for `taken`, which is empty and stays so when nothing more comes.
    fn poll_take(&self, taken: &mut VecDeque<Bytes>, cx: &Context<'_>) -> Poll<()> {
        let mut state = self.lock();
        if state.messages.is_empty() && !state.closed && self.failure.get().is_none() {
            state.reader = Some(cx.waker().clone());
            return Poll::Pending;
        }
        mem::swap(&mut state.messages, taken);
        state.size = 0;
        let writer = state.writer.take();
        drop(state);
        writer.into_iter().for_each(Waker::wake);
        Poll::Ready(())
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
