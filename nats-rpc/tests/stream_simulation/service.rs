//! The service that is called: a method of each kind, twice, since some may run twice.

use std::sync::Arc;
use std::task::{Context, Poll};

use nats_rpc::codegen::Service;
use nats_rpc::raw::{Call, Reply};
use nats_rpc::server::{HandlerFuture, RpcService};
use nats_rpc::{Idempotency, Kind, Method, ServiceSpec, Spec, Status};

use crate::book::Book;
use crate::handler::Handler;
use crate::script::Script;

const SERVICE: &str = "sim.Streams";
/// The key of the metadata that says which script is played.
pub(crate) const CALL: &str = "call";

static STREAMS: ServiceSpec = ServiceSpec::new(
    SERVICE,
    &[
        Spec::new(SERVICE, "One", 0, Kind::Unary),
        Spec::new(SERVICE, "Collect", 1, Kind::ClientStreaming),
        Spec::new(SERVICE, "Spread", 2, Kind::ServerStreaming),
        Spec::new(SERVICE, "Talk", 3, Kind::BidiStreaming),
        Spec::new(SERVICE, "OneAgain", 4, Kind::Unary).with_idempotency(Idempotency::Idempotent),
        Spec::new(SERVICE, "CollectAgain", 5, Kind::ClientStreaming)
            .with_idempotency(Idempotency::Idempotent),
        Spec::new(SERVICE, "SpreadAgain", 6, Kind::ServerStreaming).with_idempotency(Idempotency::Idempotent),
        Spec::new(SERVICE, "TalkAgain", 7, Kind::BidiStreaming).with_idempotency(Idempotency::Idempotent),
    ],
);

pub(crate) fn method(kind: Kind, idempotent: bool) -> Method {
    let index = match kind {
        Kind::Unary => 0,
        Kind::ClientStreaming => 1,
        Kind::ServerStreaming => 2,
        Kind::BidiStreaming => 3,
    };
    STREAMS.method(if idempotent { index + 4 } else { index })
}

/// One instance.
#[derive(Clone)]
pub(crate) struct Streams {
    pub(crate) server: String,
    pub(crate) scripts: Arc<Vec<Arc<Script>>>,
    pub(crate) book: Book,
}

impl Service<Call> for Streams {
    type Response = Reply;
    type Error = Status;
    type Future = HandlerFuture;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Status>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, call: Call) -> HandlerFuture {
        let id: usize = call.metadata().get(CALL).and_then(|id| id.parse().ok()).unwrap();
        let running = self.book.started(id, &self.server);
        let handler = Handler::new(Arc::clone(&self.scripts[id]), running, call);
        Box::pin(handler.handle())
    }
}

impl RpcService for Streams {
    const SPEC: &'static ServiceSpec = &STREAMS;
}
