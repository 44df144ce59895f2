//! Calls that are given up, by the caller or by the clock.

use std::time::Duration;

use e2e::{World, nothing_runs, nothing_waits, on_both};
use futures_util::{StreamExt, stream};
use nats_rpc::{Channel, Code, Connection, Status, Streaming};

use super::proto::{ResponseParameters, StreamingOutputCallRequest, TestServiceClient, TestServiceServer};
use super::{Interop, input, output, payload};

on_both! {
    cancel_after_begin,
    cancel_after_first_response,
    timeout_on_sleeping_server,
}

struct Scene {
    client: TestServiceClient,
    connection: Connection,
    service: Interop,
    server: nats_rpc::server::Handle,
}

impl Scene {
    async fn new(world: &World) -> Self {
        let service = Interop::default();
        let server = world.serve(TestServiceServer::new(service.clone())).await;
        let connection = world.connect().await;
        let client = TestServiceClient::new(Channel::new(connection.clone()));
        Self { client, connection, service, server }
    }

    /// All handlers have been stopped, and nobody remembers their calls.
    async fn is_over(&self, handlers: usize) {
        self.service.over.reach(handlers).await;
        assert_eq!(self.service.started.get(), handlers);
        nothing_runs(&self.server).await;
        nothing_waits(&self.connection).await;
    }
}

async fn cancel_after_begin(world: World) {
    let scene = Scene::new(&world).await;
    // Whoever drops the call hears nothing of it any more.
    let call = tokio::spawn(scene.client.streaming_input_call(stream::pending()));
    scene.service.started.reach(1).await;
    call.abort();
    scene.is_over(1).await;

    // Whoever ends the requests with CANCELLED sees that.
    let started = scene.service.started.clone();
    let cancelled = stream::once(async move {
        started.reach(2).await;
        Err(Status::cancelled("changed my mind"))
    });
    let requests = Streaming::new(stream::iter([Ok(input(1))]).chain(cancelled));
    let status = scene.client.streaming_input_call(requests).await.unwrap_err();
    assert_eq!((status.code(), status.message()), (Code::Cancelled, "changed my mind"));
    scene.is_over(2).await;
}

async fn cancel_after_first_response(world: World) {
    let scene = Scene::new(&world).await;
    let (mut requests, mut responses) = scene.client.full_duplex_call().await.unwrap().into_split();
    requests.send(output(&[31_415], 27_182)).await.unwrap();
    assert!(responses.message().await.unwrap().is_some());
    drop(responses);
    assert_eq!(requests.send(output(&[9], 8)).await.unwrap_err().code(), Code::Cancelled);
    scene.is_over(1).await;
}

async fn timeout_on_sleeping_server(world: World) {
    let scene = Scene::new(&world).await;
    let asleep = StreamingOutputCallRequest {
        response_parameters: vec![ResponseParameters {
            interval_us: i32::MAX,
            ..ResponseParameters::default()
        }],
        payload: payload(27_182),
        response_status: None,
    };
    // Over before it begins, and while the service sleeps.
    for millis in [1, 300] {
        let call = scene.client.full_duplex_call().timeout(Duration::from_millis(millis));
        let (mut requests, mut responses) = call.await.unwrap().into_split();
        let _ = requests.send(asleep.clone()).await;
        let status = responses.message().await.unwrap_err();
        assert_eq!(status.code(), Code::DeadlineExceeded, "{millis}: {status}");
        assert_eq!(responses.message().await.unwrap(), None);
    }
    scene.is_over(scene.service.started.get()).await;
}
