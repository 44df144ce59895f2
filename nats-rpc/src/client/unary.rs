use std::borrow::Cow;
use std::fmt;
use std::future::Future;
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use pin_project_lite::pin_project;

use crate::call::{IntoRequest, Priority, Response};
use crate::codec::{Decode, Encode};
use crate::raw::{self, Body, Call, CallService, Reply, ReplyBody};
use crate::spec::Method;
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
        state: State<S, S::Future>,
        decode: fn(Bytes) -> Result<R, Status>,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State<S, F> {
        Ready { call: Result<Call, Status>, service: S },
        Running { #[pin] future: F },
        Done,
    }
}

impl<S: CallService, R> Unary<S, R> {
    /// Encodes the request; a failure to do so is what the call will return.
    pub(crate) fn new<C, Q>(service: &S, method: Method, request: impl IntoRequest<Q>) -> Self
    where
        C: Encode<Q> + Decode<R>,
    {
        let (message, metadata) = request.into_request().into_parts();
        let encoded = raw::build(C::encoded_len(&message), |buffer| C::encode(&message, buffer));
        let call = encoded.map(|bytes| Call::new(method, Body::Unary(bytes)).with_metadata(metadata));
        Self { state: State::Ready { call, service: service.clone() }, decode: C::decode }
    }

    /// Sets the timeout, counted from the moment the call is made; it covers all attempts. An earlier deadline that
    /// the call inherits from the handler that makes it wins.
    pub fn timeout(self, timeout: Duration) -> Self {
        self.change(|call| Ok(call.with_timeout(timeout)))
    }

    /// Adds a value to a key of the request's metadata. Invalid metadata is INTERNAL when the call is awaited.
    pub fn metadata(self, key: impl Into<Cow<'static, str>>, value: impl Into<Cow<'static, str>>) -> Self {
        self.change(|mut call| {
            call.metadata_mut().append(key, value)?;
            Ok(call)
        })
    }

    /// Adds bytes to a `-bin` key of the request's metadata. Invalid metadata is INTERNAL when the call is awaited.
    pub fn metadata_bin(self, key: impl Into<Cow<'static, str>>, value: impl Into<Bytes>) -> Self {
        self.change(|mut call| {
            call.metadata_mut().append_bin(key, value)?;
            Ok(call)
        })
    }

    /// Says how important the call is. Default: as important as the call whose handler makes it.
    pub fn priority(self, priority: Priority) -> Self {
        self.change(|call| {
            let context = call.context().clone().with_priority(priority);
            Ok(call.with_context(context))
        })
    }

    /// Leaves the context of the handler that makes the call: deadline, cancellation, priority and trace are not
    /// inherited.
    pub fn detached(self) -> Self {
        self.change(|call| Ok(call.with_context(crate::call::Context::new())))
    }

    fn change(mut self, change: impl FnOnce(Call) -> Result<Call, Status>) -> Self {
        if let State::Ready { call, service } = self.state {
            self.state = State::Ready { call: call.and_then(change), service };
        }
        self
    }
}

impl<S: CallService, R> Future for Unary<S, R> {
    type Output = Result<Response<R>, Status>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        loop {
            match this.state.as_mut().project() {
                StateProjection::Ready { call, service } => {
                    if call.is_ok()
                        && let Err(error) = ready!(service.poll_ready(cx))
                    {
                        *call = Err(Status::from_error(error.into()));
                    }
                    let gone = Err(Status::internal("the call was taken"));
                    let future = match mem::replace(call, gone) {
                        Ok(mut call) => {
                            if let Some(timeout) = call.timeout().or(call.method().timeout()) {
                                call.start(Some(timeout));
                            }
                            service.call(call)
                        }
                        Err(status) => {
                            this.state.set(State::Done);
                            return Poll::Ready(Err(status));
                        }
                    };
                    this.state.set(State::Running { future });
                }
                StateProjection::Running { future } => {
                    let outcome = ready!(future.poll(cx));
                    this.state.set(State::Done);
                    return Poll::Ready(match outcome {
                        Ok(reply) => decode_reply(reply, *this.decode),
                        Err(error) => Err(Status::from_error(error.into())),
                    });
                }
                StateProjection::Done => panic!("a call was polled after it had ended"),
            }
        }
    }
}

fn decode_reply<R>(reply: Reply, decode: fn(Bytes) -> Result<R, Status>) -> Result<Response<R>, Status> {
    let (metadata, body) = reply.into_parts();
    match body {
        ReplyBody::Unary { message, trailers } => {
            decode(message).map(|message| Response::from_parts(message, metadata, trailers))
        }
        ReplyBody::Stream(_) => Err(Status::unimplemented("the service answered a unary call with a stream")),
    }
}

impl<S: CallService, R> fmt::Debug for Unary<S, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Unary");
        match &self.state {
            State::Ready { call, .. } => debug.field("call", call),
            State::Running { .. } => debug.field("state", &"running"),
            State::Done => debug.field("state", &"done"),
        };
        debug.finish_non_exhaustive()
    }
}
