//! Everything that generated code may name. No promises are made about it.

pub use prost;
pub use prost_types;
pub use tower_service::Service;

use std::future::{Future, Ready, ready};
use std::sync::Arc;

use crate::call::{IntoRequest, IntoStreamingRequest, Request, Response, Streaming};
use crate::client::{Bidi, Channel, ClientStreaming, OnInstance, Scatter, ServerStreaming, Unary};
use crate::codec::{Decode, Encode};
use crate::raw::{Call, CallService};
pub use crate::server::HandlerFuture;
use crate::spec::Method;
use crate::status::Status;

/// Connects to a NATS server.
#[cfg(feature = "nats")]
pub async fn connect(url: &str) -> Result<Channel, Status> {
    Channel::connect(url).await
}

/// Without the feature `nats` there is no server to connect to.
#[cfg(not(feature = "nats"))]
pub async fn connect(_: &str) -> Result<Channel, Status> {
    Err(Status::unimplemented("nats-rpc was built without its feature `nats`"))
}

/// Makes a unary call.
pub fn unary<C, S, Q, R>(service: &S, method: Method, request: impl IntoRequest<Q>) -> Unary<S, R>
where
    S: CallService,
    C: Encode<Q> + Decode<R>,
{
    Unary::new::<C, Q>(service, method, request)
}

/// Makes a call that is answered with a stream.
pub fn server_streaming<C, S, Q, R>(
    service: &S,
    method: Method,
    request: impl IntoRequest<Q>,
) -> ServerStreaming<S, R>
where
    S: CallService,
    C: Encode<Q> + Decode<R>,
{
    ServerStreaming::new::<C, Q>(service, method, request)
}

/// Makes a call with a stream of requests.
pub fn client_streaming<C, S, Q, R>(
    service: &S,
    method: Method,
    requests: impl IntoStreamingRequest<Q>,
) -> ClientStreaming<S, R>
where
    S: CallService,
    C: Encode<Q> + Decode<R>,
    Q: 'static,
{
    ClientStreaming::new::<C, Q>(service, method, requests)
}

/// Makes a call with a stream each way.
pub fn bidi_streaming<C, S, Q, R>(service: &S, method: Method) -> Bidi<S, Q, R>
where
    S: CallService,
    C: Encode<Q> + Decode<R>,
{
    Bidi::new::<C>(service, method)
}

/// Directs calls to one instance.
pub fn on_instance<S: Clone>(service: &S, instance: impl Into<Arc<str>>) -> OnInstance<S> {
    OnInstance::new(service.clone(), instance)
}

/// Makes a unary call of all instances.
pub fn scatter<R>(call: Unary<Channel, R>) -> Scatter<R> {
    call.scatter()
}

/// Handles a unary call.
pub fn handle_unary<C, Q, R, F, Fut>(call: Call, handler: F) -> HandlerFuture
where
    C: Decode<Q> + Encode<R>,
    Q: Send + 'static,
    R: Send + 'static,
    F: FnOnce(Request<Q>) -> Fut + Send + 'static,
    Fut: Future<Output = Result<Response<R>, Status>> + Send + 'static,
{
    crate::server::handle_unary::<C, Q, R, F, Fut>(call, handler)
}

/// Handles a call that is answered with a stream.
pub fn handle_server_streaming<C, Q, R, F, Fut>(call: Call, handler: F) -> HandlerFuture
where
    C: Decode<Q> + Encode<R>,
    Q: Send + 'static,
    R: Send + 'static,
    F: FnOnce(Request<Q>) -> Fut + Send + 'static,
    Fut: Future<Output = Result<Response<Streaming<R>>, Status>> + Send + 'static,
{
    crate::server::handle_server_streaming::<C, Q, R, F, Fut>(call, handler)
}

/// Handles a call with a stream of requests.
pub fn handle_client_streaming<C, Q, R, F, Fut>(call: Call, handler: F) -> HandlerFuture
where
    C: Decode<Q> + Encode<R>,
    Q: Send + 'static,
    R: Send + 'static,
    F: FnOnce(Request<Streaming<Q>>) -> Fut + Send + 'static,
    Fut: Future<Output = Result<Response<R>, Status>> + Send + 'static,
{
    crate::server::handle_client_streaming::<C, Q, R, F, Fut>(call, handler)
}

/// Handles a call with a stream each way.
pub fn handle_bidi_streaming<C, Q, R, F, Fut>(call: Call, handler: F) -> HandlerFuture
where
    C: Decode<Q> + Encode<R>,
    Q: Send + 'static,
    R: Send + 'static,
    F: FnOnce(Request<Streaming<Q>>) -> Fut + Send + 'static,
    Fut: Future<Output = Result<Response<Streaming<R>>, Status>> + Send + 'static,
{
    crate::server::handle_bidi_streaming::<C, Q, R, F, Fut>(call, handler)
}

/// Answers a call of a method that the service does not have.
pub fn unimplemented(call: &Call) -> HandlerFuture {
    crate::server::unimplemented(call)
}

/// Answers a call of a method that the implementation leaves out.
pub fn not_implemented<R: Send>(method: &Method) -> Ready<Result<Response<R>, Status>> {
    ready(Err(crate::server::not_implemented(method)))
}
