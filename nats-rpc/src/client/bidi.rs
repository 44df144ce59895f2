use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use pin_project_lite::pin_project;

use super::duplex::Duplex;
use super::failure::Failure;
use super::options::{call_options, policy_options};
use super::pipe::Pipe;
use super::prepared::Prepared;
use super::receiver::ResponseReceiver;
use super::requests::messages;
use super::sender::RequestSender;
use super::server_streaming::ServerStreaming;
use crate::call::IntoStreamingRequest;
use crate::codec::{Decode, Encode, Encoder};
use crate::raw::{Body, Call, CallService};
use crate::spec::Method;
use crate::status::Status;

pin_project! {
    /// A call with a stream each way: a future that is made when it is first polled.
    ///
    /// It is ready as soon as the call is on its way, before the service has said anything, with a [`Duplex`] to send
    /// and to receive. [`send_all`](Self::send_all) is for requests that are a stream already. Its methods change the
    /// call before it is made. There is no deadline unless one is set here, by the method, or by the call whose handler
    /// makes this one.
    ///
    /// # Errors
    /// What is known before the call is on its way: INTERNAL when metadata is invalid, what a layer refuses with. The
    /// rest is for the receiver.
    ///
    /// # Panics
    /// Outside of a Tokio runtime: a task awaits the service's first word.
    #[must_use = "a call is made when it is awaited"]
    pub struct Bidi<S, Q, R> {
        prepared: Prepared<S>,
        pipe: Arc<Pipe>,
        // `None`: the call is made.
        sender: Option<RequestSender<Q>>,
        decode: fn(Bytes) -> Result<R, Status>,
    }
}

impl<S: CallService, Q, R> Bidi<S, Q, R> {
    pub(crate) fn new<C>(service: &S, method: Method) -> Self
    where
        C: Encode<Q> + Decode<R>,
    {
        let (pipe, writer, reader) = Pipe::new();
        let call = Call::new(method, Body::Stream(Box::pin(reader)));
        let sender = RequestSender::new(Encoder::of::<C>(), writer);
        Self { prepared: Prepared::new(service, Ok(call)), pipe, sender: Some(sender), decode: C::decode }
    }

    call_options!();
    policy_options!();

    fn change(self, change: impl FnOnce(Call) -> Result<Call, Status>) -> Self {
        Self { prepared: self.prepared.change(change), ..self }
    }

    /// Sends all messages of a stream, whose end is the end of the requests, and resolves to the responses.
    ///
    /// The stream is read while the future, and then the responses, are polled; it runs in the context of whoever makes
    /// the call. What [`ClientStreaming`](super::ClientStreaming) says of its failures holds here.
    ///
    /// # Panics
    /// When the call is made already.
    pub fn send_all(self, requests: impl IntoStreamingRequest<Q>) -> ServerStreaming<S, R>
    where
        Q: 'static,
    {
        let (requests, metadata, extensions) = requests.into_streaming_request().into_parts();
        let failure = Arc::new(Failure::default());
        let encoder = self.sender.expect("a call is made once").into_encoder();
        let body = Body::Stream(messages(requests, encoder, Arc::clone(&failure)));
        let prepared = self.prepared.change(|mut call| {
            call.metadata_mut().extend(metadata);
            call.extensions_mut().extend(extensions);
            Ok(call.with_body(body))
        });
        ServerStreaming::of(prepared, Some(failure), self.decode)
    }
}

impl<S: CallService, Q, R> Future for Bidi<S, Q, R> {
    type Output = Result<Duplex<Q, R>, Status>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        assert!(this.sender.is_some(), "a call was polled after it had ended");
        let ready = ready!(this.prepared.poll_ready(cx));
        let sender = this.sender.take();
        Poll::Ready(ready.map(|call| {
            let sender = sender.expect("it was there").lasting_as(call.context());
            let future = this.prepared.make(call);
            let pipe = Arc::clone(this.pipe);
            let head = crate::call::spawn(async move {
                let outcome = future.await.map_err(|error| Status::from_error(error.into()));
                if outcome.is_err() {
                    pipe.end();
                }
                outcome
            });
            let receiver = ResponseReceiver::new(head, *this.decode, Arc::clone(this.pipe));
            Duplex::new(sender, receiver)
        }))
    }
}

impl<S, Q, R> fmt::Debug for Bidi<S, Q, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bidi").field("call", &self.prepared).finish_non_exhaustive()
    }
}
