//! Statuses of the service, and of calls that nobody implements.

use e2e::{World, on_both};
use futures_util::stream;
use nats_rpc::codegen::Service;
use nats_rpc::raw::{Body, Call};
use nats_rpc::{Channel, Code, Kind, Method, Origin, Status};

use super::proto::{
    EchoStatus, Empty, SimpleRequest, StreamingOutputCallRequest, TestServiceClient,
    UnimplementedServiceClient, UnimplementedServiceServer,
};
use super::{Interop, start};

on_both! {
    status_code_and_message,
    special_status_message,
    unimplemented_method,
    unimplemented_service,
    a_service_that_nobody_serves_is_unavailable,
}

/// The status of a unary call and of a bidirectional one that ask for this.
async fn both(client: &TestServiceClient, code: i32, message: &str) -> [Status; 2] {
    let asked = || Some(EchoStatus { code, message: message.to_owned() });
    let request = SimpleRequest { response_status: asked(), ..SimpleRequest::default() };
    let unary = client.unary_call(request).await.unwrap_err();
    let request =
        StreamingOutputCallRequest { response_status: asked(), ..StreamingOutputCallRequest::default() };
    let (mut requests, mut responses) = client.full_duplex_call().await.unwrap().into_split();
    requests.send(request.clone()).await.unwrap();
    requests.close();
    let bidi = responses.message().await.unwrap_err();
    assert_eq!(responses.message().await.unwrap(), None, "a stream has one end");
    // It may come with the head or after it.
    let at_once = match client.full_duplex_call().send_all(stream::iter([request])).await {
        Ok(response) => response.into_inner().message().await.unwrap_err(),
        Err(status) => status,
    };
    assert_eq!((at_once.code(), at_once.message()), (bidi.code(), bidi.message()));
    [unary, bidi]
}

async fn status_code_and_message(world: World) {
    let (client, _server) = start(&world).await;
    for status in both(&client, 2, "test status message").await {
        assert_eq!((status.code(), status.message()), (Code::Unknown, "test status message"));
        assert_eq!(status.origin(), Origin::Remote);
    }
}

async fn special_status_message(world: World) {
    let (client, _server) = start(&world).await;
    let message = "\t\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP 😈\t\n";
    for status in both(&client, 2, message).await {
        assert_eq!((status.code(), status.message()), (Code::Unknown, message));
    }
}

async fn unimplemented_method(world: World) {
    let (client, _server) = start(&world).await;
    let status = client.unimplemented_call(Empty {}).await.unwrap_err();
    assert_eq!(status.code(), Code::Unimplemented);

    // One that the service has never heard of.
    let mut channel = world.channel().await;
    for kind in [Kind::Unary, Kind::ServerStreaming, Kind::ClientStreaming, Kind::BidiStreaming] {
        let method = Method::dynamic("grpc.testing.TestService", "NotThere", kind);
        let body = match kind {
            Kind::Unary | Kind::ServerStreaming => Body::Unary(bytes::Bytes::new()),
            _ => Body::Stream(Box::pin(stream::empty())),
        };
        let status = channel.call(Call::new(method, body)).await.unwrap_err();
        assert_eq!(status.code(), Code::Unimplemented, "{kind:?}: {status}");
        assert!(status.is_not_processed(), "{kind:?}");
    }
}

async fn unimplemented_service(world: World) {
    let _server = world.serve(UnimplementedServiceServer::new(Interop::default())).await;
    let client = UnimplementedServiceClient::new(world.channel().await);
    let status = client.unimplemented_call(Empty {}).await.unwrap_err();
    assert_eq!(status.code(), Code::Unimplemented);
}

/// A NATS server can't tell a service that does not exist from one that is not running: others may know it.
async fn a_service_that_nobody_serves_is_unavailable(world: World) {
    let (client, _server) = start(&world).await;
    client.empty_call(Empty {}).await.unwrap();
    let unknown = UnimplementedServiceClient::new(Channel::new(world.connect().await));
    let status = unknown.unimplemented_call(Empty {}).await.unwrap_err();
    assert_eq!((status.code(), status.origin()), (Code::Unavailable, Origin::Transport));
    assert!(status.is_not_processed());
}
