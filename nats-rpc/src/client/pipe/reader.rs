use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_core::Stream;

use super::Pipe;
use crate::status::Status;

/// Where messages come out. Dropping it says that the call has ended.
pub(in crate::client) struct Reader {
    pipe: Arc<Pipe>,
    /// What was taken at once.
    taken: VecDeque<Bytes>,
    over: bool,
}

impl Reader {
    pub(super) fn new(pipe: Arc<Pipe>) -> Self {
        Self { pipe, taken: VecDeque::new(), over: false }
    }
}

impl Stream for Reader {
    type Item = Result<Bytes, Status>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Self { pipe, taken, over } = &mut *self;
        if *over {
            return Poll::Ready(None);
        }
        if taken.is_empty() {
            ready!(pipe.poll_take(taken, cx));
        }
        let item = match pipe.failure.get() {
            Some(status) => Some(Err(status.clone())),
            None => taken.pop_front().map(Ok),
        };
        *over = !matches!(item, Some(Ok(_)));
        Poll::Ready(item)
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.pipe.end();
    }
}
