use std::fmt;

use super::pipe::Writer;
use crate::call::Context;
use crate::codec::Encoder;
use crate::status::Status;

/// The half of a call that sends requests.
///
/// Dropping it ends the requests, as [`close`](Self::close) does. When a panic drops it, the call is given up instead:
/// the service must not take what came for all there was.
#[must_use = "dropping it ends the requests"]
pub struct RequestSender<Q> {
    encoder: Encoder<Q>,
    writer: Writer,
}

impl<Q> RequestSender<Q> {
    pub(super) fn new(encoder: Encoder<Q>, writer: Writer) -> Self {
        Self { encoder, writer }
    }

    /// Waits no longer than the call lasts that has this context.
    pub(super) fn lasting_as(mut self, context: &Context) -> Self {
        self.writer.lasts_as(context);
        self
    }

    pub(super) fn into_encoder(self) -> Encoder<Q> {
        self.encoder
    }

    /// Encodes a message, and waits until there is room for it: 64 KiB are under way at most, or one message that is
    /// larger. That it was sent does not say that the service has read it.
    ///
    /// A message whose future is dropped before it is ready is not sent.
    ///
    /// # Errors
    /// UNKNOWN when the call has ended: only the receiver knows how, and it may have ended well. CANCELLED when the
    /// receiver was dropped, or the call whose handler made this one was given up. DEADLINE_EXCEEDED when there was no
    /// room before the deadline. INTERNAL when the message does not encode; the call goes on.
    pub async fn send(&mut self, message: Q) -> Result<(), Status> {
        let encoded = self.encoder.encode(&message)?;
        self.writer.write(encoded).await
    }

    /// Ends the requests, and only them: responses may still come.
    pub fn close(self) {
        drop(self);
    }
}

impl<Q> fmt::Debug for RequestSender<Q> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestSender").finish_non_exhaustive()
    }
}
