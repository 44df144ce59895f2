use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use pin_project_lite::pin_project;

use super::making::Making;
use super::options::{call_options, policy_options};
use super::prepared::Prepared;
use super::reply::one_response;
use super::{Channel, Scatter};
use crate::call::{IntoRequest, Response};
use crate::codec::{Decode, Encode};
use crate::layer;
use crate::raw::{self, Body, Call, CallService};
use crate::spec::{HedgeSpec, Method};
use crate::status::Status;

pin_project! {
    /// A unary call: a future that is made when it is first polled, and given up when dropped.
    ///
    /// Its methods change the call before that.
    ///
    /// # Errors
    /// Whatever status the service answers with. Besides: DEADLINE_EXCEEDED when no answer came in time,
    /// UNAVAILABLE when nobody serves the method, the instance that had the call is gone or the connection is lost,
    /// UNIMPLEMENTED when the service does not have the method, PERMISSION_DENIED when the NATS server does not let
    /// this user call it, RESOURCE_EXHAUSTED when request or response is too large, CANCELLED when the call that made
    /// this one was given up, INTERNAL when a message does not encode or decode or metadata is invalid.
    /// [`Status::is_not_processed`] says whether the call may have run.
    #[must_use = "a call is made when it is awaited"]
    pub struct Unary<S: CallService, R> {
        #[pin]
        making: Making<S, S::Future>,
        decode: fn(Bytes) -> Result<R, Status>,
    }
}

impl<S: CallService, R> Unary<S, R> {
    /// Encodes the request; a failure to do so is what the call will return.
    pub(crate) fn new<C, Q>(service: &S, method: Method, request: impl IntoRequest<Q>) -> Self
    where
        C: Encode<Q> + Decode<R>,
    {
        let call = unary_call::<C, Q>(method, request);
        Self { making: Making::new(Prepared::new(service, call)), decode: C::decode }
    }

    call_options!();
    policy_options!();

    /// Sets when the call is sent again before the first answer, in the place of what the
    /// [policies](crate::layer::Policies) say; [`HedgeSpec::off`]: never. It turns retries off.
    ///
    /// Of a method that is declared neither `NO_SIDE_EFFECTS` nor `IDEMPOTENT`, the call fails with INTERNAL when it is
    /// awaited.
    pub fn hedge(self, hedge: HedgeSpec) -> Self {
        self.change(|call| match layer::why_not_hedged(call.method(), &hedge) {
            Some(why) => Err(Status::internal(format!("{} can't be hedged: {why}", call.method()))),
            None => Ok(call),
        })
        .change_policy(|policy| policy.with_hedge(hedge))
    }

    fn change(self, change: impl FnOnce(Call) -> Result<Call, Status>) -> Self {
        Self { making: self.making.change(change), decode: self.decode }
    }
}

impl<R> Unary<Channel, R> {
    /// The same call of all instances of the service.
    pub(crate) fn scatter(self) -> Scatter<R> {
        let (channel, call) = self.making.into_prepared();
        Scatter::new(channel, call, self.decode)
    }
}

/// A call with one message.
pub(super) fn unary_call<C: Encode<Q>, Q>(
    method: Method,
    request: impl IntoRequest<Q>,
) -> Result<Call, Status> {
    let (message, metadata, extensions) = request.into_request().into_parts();
    let bytes = raw::build(C::encoded_len(&message), |buffer| C::encode(&message, buffer))?;
    let mut call = Call::new(method, Body::Unary(bytes));
    *call.metadata_mut() = metadata;
    *call.extensions_mut() = extensions;
    Ok(call)
}

impl<S: CallService, R> Future for Unary<S, R> {
    type Output = Result<Response<R>, Status>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        Poll::Ready(ready!(this.making.poll(cx)).and_then(|reply| one_response(reply, *this.decode)))
    }
}

impl<S: CallService, R> fmt::Debug for Unary<S, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Unary").field("call", &self.making).finish_non_exhaustive()
    }
}
