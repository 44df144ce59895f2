mod guard;
mod guarded;
mod requests;
mod responses;

use std::future::Future;
use std::pin::Pin;

use self::guard::Guard;
pub(super) use self::guard::panicked;
use self::guarded::Guarded;
use self::requests::requests;
use self::responses::Responses;
use crate::call::{Context, Request, Response, Streaming};
use crate::codec::{Decode, Encode, Encoder};
use crate::layer::{CallPolicy, checked, checked_stream};
use crate::raw::{self, Body, Call, Parts, Reply, ReplyBody};
use crate::spec::Method;
use crate::status::Status;

/// A call that a generated server handles.
pub type HandlerFuture = Pin<Box<dyn Future<Output = Result<Reply, Status>> + Send>>;

/// Decodes the request, runs the handler within the call's context and deadline, and encodes its response.
pub(crate) fn handle_unary<C, Q, R, F, Fut>(call: Call, handler: F) -> HandlerFuture
where
    C: Decode<Q> + Encode<R>,
    Q: Send + 'static,
    R: Send + 'static,
    F: FnOnce(Request<Q>) -> Fut + Send + 'static,
    Fut: Future<Output = Result<Response<R>, Status>> + Send + 'static,
{
    let Parts { method, context, metadata, extensions, body } = parts_of(call);
    let handling = async move {
        let message = checked(&extensions, C::decode(one_message(&method, body)?)?)?;
        one_response::<C, R>(
            handler(Request::from_parts(message, metadata, Context::of_handler(), extensions)).await?,
        )
    };
    Box::pin(Guarded::new(Guard::new(context), handling, Guard::done))
}

/// As [`handle_unary`], for a handler that answers with a stream.
pub(crate) fn handle_server_streaming<C, Q, R, F, Fut>(call: Call, handler: F) -> HandlerFuture
where
    C: Decode<Q> + Encode<R>,
    Q: Send + 'static,
    R: Send + 'static,
    F: FnOnce(Request<Q>) -> Fut + Send + 'static,
    Fut: Future<Output = Result<Response<Streaming<R>>, Status>> + Send + 'static,
{
    let Parts { method, context, metadata, extensions, body } = parts_of(call);
    let handling = async move {
        let message = checked(&extensions, C::decode(one_message(&method, body)?)?)?;
        handler(Request::from_parts(message, metadata, Context::of_handler(), extensions)).await
    };
    Box::pin(Guarded::new(Guard::new(context), handling, many_responses::<C, R>))
}

/// As [`handle_unary`], for a handler that takes a stream.
pub(crate) fn handle_client_streaming<C, Q, R, F, Fut>(call: Call, handler: F) -> HandlerFuture
where
    C: Decode<Q> + Encode<R>,
    Q: Send + 'static,
    R: Send + 'static,
    F: FnOnce(Request<Streaming<Q>>) -> Fut + Send + 'static,
    Fut: Future<Output = Result<Response<R>, Status>> + Send + 'static,
{
    let Parts { method, context, metadata, extensions, body } = parts_of(call);
    let (messages, unread) = match many_messages(&method, body) {
        Ok(messages) => requests(messages),
        Err(status) => return failed(status),
    };
    let handling = async move {
        let messages = checked_stream(&extensions, Streaming::from_messages(messages, C::decode));
        one_response::<C, R>(
            handler(Request::from_parts(messages, metadata, Context::of_handler(), extensions)).await?,
        )
    };
    Box::pin(Guarded::new(Guard::new(context).with_unread(unread), handling, Guard::done))
}

/// As [`handle_unary`], for a handler that takes a stream and answers with one.
pub(crate) fn handle_bidi_streaming<C, Q, R, F, Fut>(call: Call, handler: F) -> HandlerFuture
where
    C: Decode<Q> + Encode<R>,
    Q: Send + 'static,
    R: Send + 'static,
    F: FnOnce(Request<Streaming<Q>>) -> Fut + Send + 'static,
    Fut: Future<Output = Result<Response<Streaming<R>>, Status>> + Send + 'static,
{
    let Parts { method, context, metadata, extensions, body } = parts_of(call);
    let (messages, unread) = match many_messages(&method, body) {
        Ok(messages) => requests(messages),
        Err(status) => return failed(status),
    };
    let handling = async move {
        let messages = checked_stream(&extensions, Streaming::from_messages(messages, C::decode));
        handler(Request::from_parts(messages, metadata, Context::of_handler(), extensions)).await
    };
    Box::pin(Guarded::new(Guard::new(context).with_unread(unread), handling, many_responses::<C, R>))
}

/// Answers a call of a method that the service does not have.
pub(crate) fn unimplemented(call: &Call) -> HandlerFuture {
    failed(not_implemented(call.method()))
}

/// Why a method that the service has is not there.
pub(crate) fn not_implemented(method: &Method) -> Status {
    Status::unimplemented(format!("{method} is not implemented here"))
}

fn failed(status: Status) -> HandlerFuture {
    Box::pin(std::future::ready(Err(status)))
}

/// The parts of a call. What it says of its own attempts is not for calls that the handler makes with its request.
fn parts_of(call: Call) -> Parts {
    let mut parts = call.into_parts();
    if !parts.extensions.is_empty() {
        parts.extensions.remove::<CallPolicy>();
    }
    parts
}

fn one_message(method: &Method, body: Body) -> Result<bytes::Bytes, Status> {
    match body {
        Body::Unary(message) => Ok(message),
        Body::Stream(_) => {
            Err(Status::unimplemented(format!("{method} takes one message, not a stream of them")))
        }
    }
}

fn many_messages(method: &Method, body: Body) -> Result<crate::call::MessageStream, Status> {
    match body {
        Body::Stream(messages) => Ok(messages),
        Body::Unary(_) => {
            Err(Status::unimplemented(format!("{method} takes a stream of messages, not a single one")))
        }
    }
}

fn one_response<C: Encode<R>, R>(response: Response<R>) -> Result<Reply, Status> {
    let (message, head, trailers) = response.into_parts();
    let message = raw::build(C::encoded_len(&message), |buffer| C::encode(&message, buffer))?;
    Ok(Reply::new(head, ReplyBody::Unary { message, trailers }))
}

fn many_responses<C: Encode<R>, R: 'static>(guard: Guard, response: Response<Streaming<R>>) -> Reply {
    let (messages, head, trailers) = response.into_parts();
    let responses = Responses::new(guard, messages, Encoder::of::<C>(), trailers);
    Reply::new(head, ReplyBody::Stream(Box::pin(responses)))
}

#[cfg(test)]
mod tests;
