use futures_core::Stream;
use http::Extensions;

use super::{Context, Streaming};
use crate::metadata::Metadata;
use crate::status::Status;

/// A request: the message, and what came with it.
///
/// A client's methods take a plain message too; a `Request` is needed to send metadata with it.
///
/// ```
/// use nats_rpc::Request;
///
/// let mut request = Request::new("message");
/// request.metadata_mut().insert("x-tenant", "acme")?;
/// assert_eq!(request.metadata().get("x-tenant"), Some("acme"));
/// # Ok::<(), nats_rpc::InvalidMetadata>(())
/// ```
#[derive(Debug, Clone)]
pub struct Request<T> {
    message: T,
    metadata: Metadata,
    context: Context,
    extensions: Extensions,
}

impl<T> Request<T> {
    /// Creates a request without metadata.
    #[must_use]
    pub fn new(message: T) -> Self {
        Self::from_parts(message, Metadata::new(), Context::new(), Extensions::new())
    }

    pub(crate) fn from_parts(
        message: T,
        metadata: Metadata,
        context: Context,
        extensions: Extensions,
    ) -> Self {
        Self { message, metadata, context, extensions }
    }

    pub(crate) fn into_parts(self) -> (T, Metadata, Extensions) {
        (self.message, self.metadata, self.extensions)
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

    fn map<U>(self, map: impl FnOnce(T) -> U) -> Request<U> {
        Request {
            message: map(self.message),
            metadata: self.metadata,
            context: self.context,
            extensions: self.extensions,
        }
    }

    /// The metadata that came with the message.
    pub fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// The metadata, to be changed.
    pub fn metadata_mut(&mut self) -> &mut Metadata {
        &mut self.metadata
    }

    /// Deadline and attempt of the call, as the service sees them; empty in a request to be sent.
    pub fn context(&self) -> &Context {
        &self.context
    }

    /// What layers have said of the call, by type: who makes it, for example. It stays in this process: the caller's
    /// layers see what the caller says, the handler what the service's layers say.
    pub fn extensions(&self) -> &Extensions {
        &self.extensions
    }

    /// Who makes the call, as the service's [`AuthLayer`](crate::layer::AuthLayer) has found out.
    ///
    /// # Errors
    /// UNAUTHENTICATED when nobody has: the method is open to all, or the service has no such layer with principals of
    /// this type.
    pub fn principal<P: Clone + Send + Sync + 'static>(&self) -> Result<&P, Status> {
        self.extensions.get().ok_or_else(|| Status::unauthenticated("it is not known who makes the call"))
    }

    /// What is said to layers, to be changed.
    pub fn extensions_mut(&mut self) -> &mut Extensions {
        &mut self.extensions
    }
}

/// What a client's methods take: a message, or a [`Request`] with metadata.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a request message `{T}`",
    label = "expected `{T}` or `Request<{T}>`"
)]
pub trait IntoRequest<T> {
    /// Wraps a message; leaves a request as it is.
    fn into_request(self) -> Request<T>;
}

impl<T> IntoRequest<T> for T {
    fn into_request(self) -> Request<T> {
        Request::new(self)
    }
}

impl<T> IntoRequest<T> for Request<T> {
    fn into_request(self) -> Self {
        self
    }
}

/// What a client's methods take for a stream of requests: any `Stream` of messages, or a [`Request`] of one, with
/// metadata.
///
/// A [`Streaming`] of messages is taken too: a service hands on what it receives. Where that fails, the call is given
/// up, with the same status.
///
/// ```
/// use futures_util::stream;
/// use nats_rpc::{IntoStreamingRequest, Request};
///
/// fn takes(requests: impl IntoStreamingRequest<u32>) {}
///
/// takes(stream::iter([1, 2, 3]));
/// takes(Request::new(stream::iter([1, 2, 3])));
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a stream of request messages `{T}`",
    label = "expected a `Stream<Item = {T}> + Send + 'static`, or a `Request` of one",
    note = "`futures_util::stream::iter` makes a stream of an iterator"
)]
pub trait IntoStreamingRequest<T> {
    /// Wraps a stream; leaves a request as it is.
    fn into_streaming_request(self) -> Request<Streaming<T>>;
}

impl<T, S> IntoStreamingRequest<T> for S
where
    T: 'static,
    S: Stream<Item = T> + Send + 'static,
{
    fn into_streaming_request(self) -> Request<Streaming<T>> {
        Request::new(Streaming::of_messages(self))
    }
}

impl<T, S> IntoStreamingRequest<T> for Request<S>
where
    T: 'static,
    S: Stream<Item = T> + Send + 'static,
{
    fn into_streaming_request(self) -> Request<Streaming<T>> {
        self.map(Streaming::of_messages)
    }
}

impl<T> IntoStreamingRequest<T> for Streaming<T> {
    fn into_streaming_request(self) -> Request<Self> {
        Request::new(self)
    }
}

impl<T> IntoStreamingRequest<T> for Request<Streaming<T>> {
    fn into_streaming_request(self) -> Self {
        self
    }
}
