//! A service for the tests of this module.

use std::sync::Arc;
use std::task::{Context, Poll};

use tower_service::Service;

use crate::raw::{Call, Reply};
use crate::server::ejection::Place;
use crate::server::instance::Instance;
use crate::server::{Ejection, HandlerFuture, Mount, RpcService, unimplemented};
use crate::spec::{Kind, ServiceSpec, Spec};
use crate::status::Status;

static IDLE: ServiceSpec = ServiceSpec::new(
    "test.v1.Idle",
    &[
        Spec::new("test.v1.Idle", "A", 0, Kind::Unary),
        Spec::new("test.v1.Idle", "B", 1, Kind::ServerStreaming),
        Spec::new("test.v1.Idle", "C", 2, Kind::ClientStreaming),
        Spec::new("test.v1.Idle", "D", 3, Kind::BidiStreaming),
    ],
);

#[derive(Clone)]
struct Idle;

impl Service<Call> for Idle {
    type Response = Reply;
    type Error = Status;
    type Future = HandlerFuture;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Status>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, call: Call) -> HandlerFuture {
        unimplemented(&call)
    }
}

impl RpcService for Idle {
    const SPEC: &'static ServiceSpec = &IDLE;
}

/// Its place in the queue group, on an instance with a random id.
pub(in crate::server) fn place(mount: &Mount) -> Arc<Place> {
    Arc::new(Place::new(mount, Instance::random(), Ejection::off()))
}

/// `test.v1.Idle`, which has a method of each kind: `A` to `D`.
pub(in crate::server) fn idle() -> Mount {
    Mount::new(Idle)
}
