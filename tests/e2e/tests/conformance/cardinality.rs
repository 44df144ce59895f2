//! Callers and services that do not agree on how many messages there are.

use bytes::Bytes;
use e2e::{World, on_both};
use futures_util::{StreamExt, stream};
use nats_rpc::call::Event;
use nats_rpc::codegen::Service;
use nats_rpc::raw::{Body, Call, ReplyBody};
use nats_rpc::{Channel, Code, Kind, Method, Status};
use prost::Message;

use super::case::Definition;
use super::{Case, Shape, start};

const SERVICE: &str = "connectrpc.conformance.v1.ConformanceService";

on_both! {
    a_service_that_takes_one_request,
    a_caller_that_takes_one_response,
    one_is_also_several,
}

/// Makes a call as if the method were of this kind, and counts the responses.
async fn count(channel: &Channel, method: &str, kind: Kind, requests: Vec<Bytes>) -> Result<usize, Status> {
    let body = match kind {
        Kind::Unary | Kind::ServerStreaming => Body::Unary(requests[0].clone()),
        _ => Body::Stream(Box::pin(stream::iter(requests.into_iter().map(Ok)))),
    };
    let call = Call::new(Method::dynamic(SERVICE, method.to_owned(), kind), body);
    match channel.clone().call(call).await?.into_parts().1 {
        ReplyBody::Unary { .. } => Ok(1),
        ReplyBody::Stream(mut events) => {
            let mut count = 0;
            while let Some(event) = events.next().await {
                count += usize::from(matches!(event?, Event::Message(_)));
            }
            Ok(count)
        }
    }
}

/// As many empty requests.
fn empty(count: usize) -> Vec<Bytes> {
    vec![Bytes::new(); count]
}

/// Requests that are answered with so many responses.
fn answered(count: usize) -> Definition {
    Definition { data: vec![b"test response".to_vec(); count], ..Definition::default() }
}

async fn a_service_that_takes_one_request(world: World) {
    let (_, _server) = start(&world).await;
    let channel = world.channel().await;
    for (method, kind) in [("Unary", Kind::ClientStreaming), ("ServerStream", Kind::BidiStreaming)] {
        for requests in [0, 2, 100] {
            let status = count(&channel, method, kind, empty(requests)).await.unwrap_err();
            assert_eq!(status.code(), Code::Unimplemented, "{method}, {requests} requests: {status}");
        }
        assert!(count(&channel, method, kind, empty(1)).await.is_ok(), "{method}, one request");
    }
}

async fn a_caller_that_takes_one_response(world: World) {
    let (_, _server) = start(&world).await;
    let channel = world.channel().await;
    for responses in [0, 2, 100] {
        let case = Case::new("one response", Shape::HalfDuplex).define(answered(responses));
        let requests = case.bidi_stream().iter().map(|request| request.encode_to_vec().into()).collect();
        let status = count(&channel, "BidiStream", Kind::ClientStreaming, requests).await.unwrap_err();
        assert_eq!(status.code(), Code::Unimplemented, "{responses} to a stream: {status}");

        let case = Case::new("one response", Shape::ServerStream).define(answered(responses));
        let request = vec![case.server_stream().encode_to_vec().into()];
        let status = count(&channel, "ServerStream", Kind::Unary, request).await.unwrap_err();
        assert_eq!(status.code(), Code::Unimplemented, "{responses} to one request: {status}");
    }
    let case = Case::new("one response", Shape::HalfDuplex).define(answered(1));
    let requests = case.bidi_stream().iter().map(|request| request.encode_to_vec().into()).collect();
    assert_eq!(count(&channel, "BidiStream", Kind::ClientStreaming, requests).await.unwrap(), 1);
}

/// What is called as a stream may be one message.
async fn one_is_also_several(world: World) {
    let (_, _server) = start(&world).await;
    let channel = world.channel().await;
    for kind in [Kind::ServerStreaming, Kind::ClientStreaming, Kind::BidiStreaming] {
        assert_eq!(count(&channel, "Unary", kind, empty(1)).await.unwrap(), 1, "{kind:?}");
    }
    assert_eq!(count(&channel, "ClientStream", Kind::BidiStreaming, empty(3)).await.unwrap(), 1);
}
