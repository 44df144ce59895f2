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
use super::reply::many_responses;
use super::sending::Sending;
use super::unary::unary_call;
use crate::call::{IntoRequest, Response, Streaming};
use crate::codec::{Decode, Encode};
use crate::raw::{Call, CallService};
use crate::spec::Method;
use crate::status::Status;

pin_project! {
    /// A call that is answered with a stream: a future that is made when it is first polled, and given up when dropped.
    ///
    /// It is ready when the service's metadata is there, which is before the first message. Dropping the stream gives
    /// the call up. Its methods change the call before it is made. Streams have no deadline unless one is set here, by
    /// the method, or by the call whose handler makes this one.
    ///
    /// # Errors
    /// As [`Unary`](super::Unary); what happens after the response's metadata has come ends the stream.
    #[must_use = "a call is made when it is awaited"]
    pub struct ServerStreaming<S: CallService, R> {
        #[pin]
        sending: Sending<S, S::Future>,
        decode: fn(Bytes) -> Result<R, Status>,
    }
}

impl<S: CallService, R> ServerStreaming<S, R> {
    /// Encodes the request; a failure to do so is what the call will return.
    pub(crate) fn new<C, Q>(service: &S, method: Method, request: impl IntoRequest<Q>) -> Self
    where
        C: Encode<Q> + Decode<R>,
    {
        Self::of(Prepared::new(service, unary_call::<C, Q>(method, request)), None, C::decode)
    }

    pub(super) fn of(
        prepared: Prepared<S>,
        requests: Option<Arc<Failure>>,
        decode: fn(Bytes) -> Result<R, Status>,
    ) -> Self {
        Self { sending: Sending::new(prepared, requests), decode }
    }

    call_options!();
    policy_options!();

    fn change(self, change: impl FnOnce(Call) -> Result<Call, Status>) -> Self {
        Self { sending: self.sending.change(change), decode: self.decode }
    }
}

impl<S: CallService, R> Future for ServerStreaming<S, R> {
    type Output = Result<Response<Streaming<R>>, Status>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let reply = ready!(this.sending.as_mut().poll(cx));
        Poll::Ready(reply.and_then(|reply| many_responses(reply, *this.decode, this.sending.requests())))
    }
}

impl<S: CallService, R> fmt::Debug for ServerStreaming<S, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerStreaming").field("call", &self.sending).finish_non_exhaustive()
    }
}
