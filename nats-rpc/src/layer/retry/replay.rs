use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_core::Stream;

use crate::call::MessageStream;
use crate::status::Status;

/// What a message takes besides its bytes.
const OVERHEAD: usize = size_of::<Bytes>();

/// A stream of requests that is recorded as it is sent, so that another attempt can send it from the beginning.
pub(super) struct Replay(Arc<Mutex<Recording>>);

struct Recording {
    /// `None` once it has ended.
    source: Option<MessageStream>,
    messages: VecDeque<Bytes>,
    /// How many of them the current attempt has sent.
    sent: usize,
    /// For how much more there is room.
    room: usize,
    /// Whether all that was sent is there.
    is_complete: bool,
    /// The number of the current attempt.
    attempt: u32,
}

impl Replay {
    pub(super) fn new(source: MessageStream, room: usize) -> Self {
        Self(Arc::new(Mutex::new(Recording {
            source: Some(source),
            messages: VecDeque::new(),
            sent: 0,
            room,
            is_complete: true,
            attempt: 0,
        })))
    }

    /// All messages, for the current attempt.
    pub(super) fn attempt(&self) -> MessageStream {
        let number = lock(&self.0).attempt;
        Box::pin(Attempt { recording: Arc::clone(&self.0), number })
    }

    /// The current attempt is over, and gets nothing any more. Returns whether there can be another one.
    pub(super) fn rewind(&self) -> bool {
        // A stream that has panicked would do so again.
        if self.0.is_poisoned() {
            return false;
        }
        let mut recording = lock(&self.0);
        recording.attempt += 1;
        recording.sent = 0;
        recording.is_complete
    }

    /// There will be no other attempt.
    pub(super) fn commit(&self) {
        lock(&self.0).commit();
    }
}

impl Recording {
    fn commit(&mut self) {
        if self.is_complete {
            self.messages.drain(..self.sent);
            self.is_complete = false;
        }
    }

    /// The next message that is there.
    fn recorded(&mut self) -> Option<Bytes> {
        if !self.is_complete {
            return self.messages.pop_front();
        }
        let message = self.messages.get(self.sent)?.clone();
        self.sent += 1;
        Some(message)
    }

    fn record(&mut self, message: &Bytes) {
        if !self.is_complete {
            return;
        }
        match self.room.checked_sub(message.len() + OVERHEAD) {
            Some(room) => {
                self.room = room;
                self.messages.push_back(message.clone());
                self.sent += 1;
            }
            None => self.commit(),
        }
    }
}

/// The messages that one attempt sends.
struct Attempt {
    recording: Arc<Mutex<Recording>>,
    number: u32,
}

impl Stream for Attempt {
    type Item = Result<Bytes, Status>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let recording = &mut *lock(&self.recording);
        if recording.attempt != self.number {
            // An end would look as if there were no more messages.
            return Poll::Ready(Some(Err(Status::cancelled("this attempt at the call is over"))));
        }
        if let Some(message) = recording.recorded() {
            return Poll::Ready(Some(Ok(message)));
        }
        let Some(source) = &mut recording.source else { return Poll::Ready(None) };
        let next = ready!(source.as_mut().poll_next(cx));
        match &next {
            Some(Ok(message)) => recording.record(message),
            // It is what the call fails with.
            Some(Err(_)) => recording.commit(),
            None => recording.source = None,
        }
        Poll::Ready(next)
    }
}

fn lock(recording: &Mutex<Recording>) -> MutexGuard<'_, Recording> {
    recording.lock().unwrap_or_else(PoisonError::into_inner)
}

impl fmt::Debug for Replay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let recording = lock(&self.0);
        f.debug_struct("Replay")
            .field("messages", &recording.messages.len())
            .field("is_complete", &recording.is_complete)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
