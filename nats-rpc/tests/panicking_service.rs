//! A service that panics before it has made a future harms nobody but its caller.

use std::task::{Context, Poll};

use nats_rpc::codegen::{HandlerFuture, Service};
use nats_rpc::raw::{Body, Call, Reply, ReplyBody};
use nats_rpc::server::RpcService;
use nats_rpc::transport::memory::Broker;
use nats_rpc::{Channel, Code, Kind, Metadata, Server, ServiceSpec, Spec, Status};

static FRAGILE: ServiceSpec =
    ServiceSpec::new("test.Fragile", &[Spec::new("test.Fragile", "Touch", 0, Kind::Unary)]);

#[derive(Clone)]
struct Fragile;

impl Service<Call> for Fragile {
    type Response = Reply;
    type Error = Status;
    type Future = HandlerFuture;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Status>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, call: Call) -> HandlerFuture {
        let Body::Unary(message) = call.body() else { panic!("a stream") };
        assert_ne!(message, "hard", "touched too hard");
        let body = ReplyBody::Unary { message: message.clone(), trailers: Metadata::new() };
        Box::pin(std::future::ready(Ok(Reply::new(Metadata::new(), body))))
    }
}

impl RpcService for Fragile {
    const SPEC: &'static ServiceSpec = &FRAGILE;
}

#[tokio::test]
async fn the_next_call_is_served() {
    let broker = Broker::new();
    let server = Server::builder().add_service(Fragile).start(broker.connect().await.unwrap()).await.unwrap();
    let mut channel = Channel::new(broker.connect().await.unwrap());
    for (message, expected) in [("hard", Err(Code::Unknown)), ("soft", Ok(())), ("hard", Err(Code::Unknown))]
    {
        let outcome = channel.call(Call::new(FRAGILE.method(0), Body::Unary(message.into()))).await;
        assert_eq!(outcome.map(drop).map_err(|status| status.code()), expected, "{message}");
    }
    server.shutdown().await;
}
