use std::collections::VecDeque;
use std::future::poll_fn;
use std::mem;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use futures_core::Stream;

use super::failure::Failure;
use crate::status::Status;

/// So much waits in a pipe, in bytes, or one message; and as much is with its reader, who takes all there is at once.
const ROOM: usize = 32 * 1024;
/// What a message takes besides its bytes.
const OVERHEAD: usize = size_of::<Bytes>();

/// What is between whoever sends the messages of a call and what carries the call.
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
        let (writer, reader) = (Writer(Arc::clone(&pipe)), Reader::new(Arc::clone(&pipe)));
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

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

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
}

/// Where messages go in. Dropping it closes the pipe; in a panic, the call is given up.
#[derive(Debug)]
pub(super) struct Writer(Arc<Pipe>);

impl Writer {
    /// Waits for room.
    pub(super) async fn write(&mut self, mut message: Bytes) -> Result<(), Status> {
        // A reader that keeps up leaves nothing to wait for, and others want their turn.
        tokio::task::coop::consume_budget().await;
        poll_fn(|cx| self.0.poll_write(&mut message, cx)).await
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return self.0.give_up(Status::cancelled("whoever sent the requests panicked"));
        }
        let mut state = self.0.lock();
        state.closed = true;
        let reader = state.reader.take();
        drop(state);
        reader.into_iter().for_each(Waker::wake);
    }
}

/// Where messages come out. Dropping it says that the call has ended.
#[derive(Debug)]
pub(super) struct Reader {
    pipe: Arc<Pipe>,
    /// What was taken at once.
    taken: VecDeque<Bytes>,
    over: bool,
}

impl Reader {
    fn new(pipe: Arc<Pipe>) -> Self {
        Self { pipe, taken: VecDeque::new(), over: false }
    }

    /// Takes what is there.
    fn poll_take(&mut self, cx: &Context<'_>) -> Poll<()> {
        let mut state = self.pipe.lock();
        if state.messages.is_empty() && !state.closed && self.pipe.failure.get().is_none() {
            state.reader = Some(cx.waker().clone());
            return Poll::Pending;
        }
        mem::swap(&mut state.messages, &mut self.taken);
        state.size = 0;
        let writer = state.writer.take();
        drop(state);
        writer.into_iter().for_each(Waker::wake);
        Poll::Ready(())
    }
}

impl Stream for Reader {
    type Item = Result<Bytes, Status>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.over {
            return Poll::Ready(None);
        }
        if self.taken.is_empty() && self.poll_take(cx).is_pending() {
            return Poll::Pending;
        }
        let item = match self.pipe.failure.get() {
            Some(status) => Some(Err(status.clone())),
            None => self.taken.pop_front().map(Ok),
        };
        self.over = !matches!(item, Some(Ok(_)));
        Poll::Ready(item)
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.pipe.end();
    }
}
