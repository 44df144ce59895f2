//! Everything that generated code may name. No promises are made about it.

pub use prost;
pub use prost_types;
pub use tower_service::Service;

use std::future::Future;

use crate::call::{IntoRequest, Request, Response};
use crate::client::{Channel, Unary};
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

/// Answers a call of a method that the service does not have.
pub fn unimplemented(call: &Call) -> HandlerFuture {
    crate::server::unimplemented(call)
}
