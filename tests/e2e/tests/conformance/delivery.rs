//! Metadata, messages and the half-close each arrive without waiting for anything that comes after them.

use e2e::{World, on_both};
use futures_util::{Stream, stream};
use tokio::sync::mpsc;

use super::case::{Definition, Pairs};
use super::proto::{ConformanceServiceClient, ConformanceServiceServer};
use super::{Case, Conformance, Shape};

const HOUR_MS: u32 = 3_600_000;
const HEADERS: Pairs = &[("x-custom-header", &["foo"])];

on_both! {
    request_metadata_alone,
    requests_one_by_one,
    the_half_close_alone,
    response_metadata_alone,
    responses_one_by_one,
}

async fn scene(world: &World) -> (ConformanceServiceClient, Conformance, nats_rpc::server::Handle) {
    let service = Conformance::default();
    let server = world.serve(ConformanceServiceServer::new(service.clone())).await;
    (ConformanceServiceClient::new(world.channel().await), service, server)
}

/// A stream of what is sent.
fn channel<T: Send + 'static>() -> (mpsc::UnboundedSender<T>, impl Stream<Item = T> + Send + 'static) {
    let (sender, receiver) = mpsc::unbounded_channel();
    let received =
        stream::unfold(receiver, |mut receiver| async { receiver.recv().await.map(|one| (one, receiver)) });
    (sender, received)
}

/// The handler runs before anything was sent but the opening of the call.
async fn request_metadata_alone(world: World) {
    let (client, service, _server) = scene(&world).await;
    let duplex = client.bidi_stream().await.unwrap();
    service.started.reach(1).await;
    let upload = tokio::spawn(client.client_stream(stream::pending()));
    service.started.reach(2).await;
    assert_eq!(service.read.get(), 0);
    upload.abort();
    drop(duplex);
    service.over.reach(2).await;
}

/// Each is read before the next is made.
async fn requests_one_by_one(world: World) {
    let (client, service, _server) = scene(&world).await;
    for shape in [Shape::ClientStream, Shape::HalfDuplex] {
        let before = service.read.get();
        let case = Case::new("five requests", shape).requests([b"1", b"2", b"3", b"4", b"5"]);
        if shape == Shape::ClientStream {
            let (requests, received) = channel();
            let call = tokio::spawn(client.client_stream(received));
            for (count, request) in (1..).zip(case.client_stream()) {
                requests.send(request).unwrap();
                service.read.reach(before + count).await;
            }
            drop(requests);
            let response = call.await.unwrap().unwrap().into_inner();
            assert_eq!(response.payload.unwrap().request_info.unwrap().requests.len(), 5);
        } else {
            let (mut requests, mut responses) = client.bidi_stream().await.unwrap().into_split();
            for (count, request) in (1..).zip(case.bidi_stream()) {
                requests.send(request).await.unwrap();
                service.read.reach(before + count).await;
            }
            requests.close();
            assert_eq!(responses.message().await.unwrap(), None);
        }
    }
}

/// All requests have been read before it is sent.
async fn the_half_close_alone(world: World) {
    let (client, service, _server) = scene(&world).await;
    let definition = Definition { data: vec![b"test response".to_vec()], ..Definition::default() };
    let case = Case::new("one request", Shape::HalfDuplex).define(definition);
    let (mut requests, mut responses) = client.bidi_stream().await.unwrap().into_split();
    requests.send(case.bidi_stream().remove(0)).await.unwrap();
    service.read.reach(1).await;
    requests.close();
    assert!(responses.message().await.unwrap().is_some());
    assert_eq!(responses.message().await.unwrap(), None);
}

/// The first message is an hour away.
async fn response_metadata_alone(world: World) {
    let (client, service, _server) = scene(&world).await;
    let definition = Definition {
        headers: HEADERS,
        data: vec![b"test response".to_vec()],
        delay_ms: HOUR_MS,
        ..Definition::default()
    };
    let case = Case::new("a late response", Shape::ServerStream).define(definition.clone());
    let response = client.server_stream(case.server_stream()).await.unwrap();
    assert_eq!(response.metadata().get("x-custom-header"), Some("foo"));
    drop(response);

    for shape in [Shape::HalfDuplex, Shape::FullDuplex] {
        let case = Case::new("a late response", shape).define(definition.clone());
        let (mut requests, mut responses) = client.bidi_stream().await.unwrap().into_split();
        requests.send(case.bidi_stream().remove(0)).await.unwrap();
        assert_eq!(responses.metadata().await.unwrap().get("x-custom-header"), Some("foo"), "{case}");
        drop(responses);
    }
    service.over.reach(3).await;
}

/// The next one waits for a request that is only made when this one has come.
async fn responses_one_by_one(world: World) {
    let (client, _service, _server) = scene(&world).await;
    let data = (0..5).map(|n| vec![n]).collect();
    let case = Case::new("five responses", Shape::FullDuplex).requests([b""; 5]);
    let case = case.define(Definition { data, ..Definition::default() });
    let (mut requests, mut responses) = client.bidi_stream().await.unwrap().into_split();
    for (n, request) in (0..).zip(case.bidi_stream()) {
        requests.send(request).await.unwrap();
        assert_eq!(responses.message().await.unwrap().unwrap().payload.unwrap().data, [n]);
    }
}
