use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_core::Stream;
use futures_util::task::AtomicWaker;

use crate::call::MessageStream;
use crate::status::Status;

/// So many messages are discarded before others have their turn.
const AT_ONCE: usize = 64;

/// Divides a call's requests into what the handler reads, and what it leaves unread: a handler that reads no further
/// has not ended the call, so whoever sends must not be held up.
pub(super) fn requests(messages: MessageStream) -> (MessageStream, Unread) {
    let left = Arc::new(Left::default());
    (Box::pin(Read { messages: Some(messages), left: Arc::clone(&left) }), Unread(left))
}

#[derive(Default)]
struct Left {
    messages: Mutex<Option<MessageStream>>,
    reader: AtomicWaker,
}

struct Read {
    /// `None`: it has ended.
    messages: Option<MessageStream>,
    left: Arc<Left>,
}

impl Stream for Read {
    type Item = Result<Bytes, Status>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Some(messages) = &mut self.messages else { return Poll::Ready(None) };
        let polled = messages.as_mut().poll_next(cx);
        if matches!(polled, Poll::Ready(None | Some(Err(_)))) {
            self.messages = None;
        }
        polled
    }
}

impl Drop for Read {
    fn drop(&mut self) {
        // After a panic of its own it is not to be polled again.
        if let Some(messages) = self.messages.take().filter(|_| !std::thread::panicking()) {
            *self.left.messages.lock().unwrap_or_else(PoisonError::into_inner) = Some(messages);
            self.left.reader.wake();
        }
    }
}

/// What a handler leaves unread.
pub(super) struct Unread(Arc<Left>);

impl Unread {
    /// Reads and forgets what is there.
    pub(super) fn discard(&self, cx: &mut Context<'_>) {
        self.0.reader.register(cx.waker());
        let mut left = self.0.messages.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(messages) = &mut *left else { return };
        for _ in 0..AT_ONCE {
            match messages.as_mut().poll_next(cx) {
                Poll::Ready(Some(Ok(_))) => {}
                Poll::Ready(None | Some(Err(_))) => {
                    *left = None;
                    return;
                }
                Poll::Pending => return,
            }
        }
        cx.waker().wake_by_ref();
    }
}
