use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use pin_project_lite::pin_project;

use super::failure::Failure;
use super::options::{call_options, policy_options};
use super::prepared::Prepared;
use super::reply::one_response;
use super::requests::messages;
use super::sending::Sending;
use crate::call::{IntoStreamingRequest, Response};
use crate::codec::{Decode, Encode, Encoder};
use crate::raw::{Body, Call, CallService};
use crate::spec::Method;
use crate::status::Status;

pin_project! {
    /// A call with a stream of requests and one response: a future that is made when it is first polled, and given up
    /// when dropped.
    ///
    /// The stream is read while the future is polled and the service takes messages; it runs in the context of whoever
    /// makes the call. Its end is the end of the requests. Its methods change the call before it is made. There is no
    /// deadline unless one is set here, by the method, or by the call whose handler makes this one.
    ///
    /// # Errors
    /// As [`Unary`](super::Unary). Besides: INTERNAL when one of the messages does not encode, CANCELLED when the
    /// stream of requests panics, the status of a [`Streaming`](crate::Streaming) that is handed on and fails.
    #[must_use = "a call is made when it is awaited"]
    pub struct ClientStreaming<S: CallService, R> {
        #[pin]
        sending: Sending<S, S::Future>,
        decode: fn(Bytes) -> Result<R, Status>,
    }
}

impl<S: CallService, R> ClientStreaming<S, R> {
    pub(crate) fn new<C, Q>(service: &S, method: Method, requests: impl IntoStreamingRequest<Q>) -> Self
    where
        C: Encode<Q> + Decode<R>,
        Q: 'static,
    {
        let (requests, metadata, extensions) = requests.into_streaming_request().into_parts();
        let failure = Arc::new(Failure::default());
        let body = Body::Stream(messages(requests, Encoder::of::<C>(), Arc::clone(&failure)));
        let call = Call::new(method, body).with_metadata(metadata).with_extensions(extensions);
        let prepared = Prepared::new(service, Ok(call));
        Self { sending: Sending::new(prepared, Some(failure)), decode: C::decode }
    }

    call_options!();
    policy_options!();

    fn change(self, change: impl FnOnce(Call) -> Result<Call, Status>) -> Self {
        Self { sending: self.sending.change(change), decode: self.decode }
    }
}

impl<S: CallService, R> Future for ClientStreaming<S, R> {
    type Output = Result<Response<R>, Status>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        Poll::Ready(ready!(this.sending.poll(cx)).and_then(|reply| one_response(reply, *this.decode)))
    }
}

impl<S: CallService, R> fmt::Debug for ClientStreaming<S, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientStreaming").field("call", &self.sending).finish_non_exhaustive()
    }
}
