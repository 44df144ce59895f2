use futures_core::Stream;

use super::Streaming;
use crate::metadata::Metadata;
use crate::status::Status;

/// A response: the message, metadata that goes before it and trailers that go after it.
///
/// `Ok(message.into())` does for a response that is only a message.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Response<T> {
    message: T,
    metadata: Metadata,
    trailers: Metadata,
}

impl<T> Response<T> {
    /// Creates a response without metadata and trailers.
    #[must_use]
    pub const fn new(message: T) -> Self {
        Self { message, metadata: Metadata::new(), trailers: Metadata::new() }
    }

    pub(crate) fn from_parts(message: T, metadata: Metadata, trailers: Metadata) -> Self {
        Self { message, metadata, trailers }
    }

    pub(crate) fn into_parts(self) -> (T, Metadata, Metadata) {
        (self.message, self.metadata, self.trailers)
    }

    /// The message.
    pub fn get_ref(&self) -> &T {
        &self.message
    }

    /// The message, to be changed.
    pub fn get_mut(&mut self) -> &mut T {
        &mut self.message
    }

    /// The message alone.
    #[must_use]
    pub fn into_inner(self) -> T {
        self.message
    }

    /// Metadata that goes before the message.
    pub fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// Metadata that goes before the message, to be changed.
    pub fn metadata_mut(&mut self) -> &mut Metadata {
        &mut self.metadata
    }

    /// Metadata that goes after the message.
    pub fn trailers(&self) -> &Metadata {
        &self.trailers
    }

    /// Metadata that goes after the message, to be changed.
    pub fn trailers_mut(&mut self) -> &mut Metadata {
        &mut self.trailers
    }
}

impl<T: 'static> Response<Streaming<T>> {
    /// A response that is a stream of messages, without metadata.
    ///
    /// ```
    /// use futures_util::stream;
    /// use nats_rpc::{Response, Streaming};
    ///
    /// let response: Response<Streaming<u32>> = Response::stream(stream::iter([Ok(1), Ok(2)]));
    /// ```
    #[must_use]
    pub fn stream(stream: impl Stream<Item = Result<T, Status>> + Send + 'static) -> Self {
        Self::new(Streaming::new(stream))
    }
}

impl<T> From<T> for Response<T> {
    fn from(message: T) -> Self {
        Self::new(message)
    }
}
