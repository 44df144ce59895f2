use std::future::Future;

use tower_service::Service;

use super::{Call, Reply};
use crate::status::BoxError;

/// What a generated client can run on: a [`Channel`](crate::Channel), a generated server in the same process, or
/// any tower layer around one of them.
///
/// An alias without methods of its own. An error of a layer becomes a [`Status`](crate::Status): one in its chain
/// of sources survives, an elapsed timeout is DEADLINE_EXCEEDED, a shed load RESOURCE_EXHAUSTED, the rest UNKNOWN.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot carry calls",
    label = "not a cloneable `tower::Service<nats_rpc::raw::Call, Response = nats_rpc::raw::Reply>`",
    note = "a layer whose service is not `Clone` can be wrapped in `tower::buffer::Buffer`"
)]
pub trait CallService:
    Service<Call, Response = Reply, Error: Into<BoxError>, Future: Future + Send + 'static>
    + Clone
    + Send
    + Sync
    + 'static
{
}

impl<S> CallService for S where
    S: Service<Call, Response = Reply, Error: Into<BoxError>, Future: Future + Send + 'static>
        + Clone
        + Send
        + Sync
        + 'static
{
}
