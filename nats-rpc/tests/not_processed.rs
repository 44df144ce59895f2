//! What a caller is told of a call that may have run.
#![cfg(feature = "macros")]

use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use futures_util::{StreamExt, stream};
use nats_rpc::transport::memory::{Broker, Options};
use nats_rpc::{Channel, Code, Connection, Request, Response, Server, Status, Streaming};

#[nats_rpc::service(package = "test.v1")]
pub trait Relay {
    async fn down(&self, request: Request<String>) -> Result<Response<Streaming<String>>, Status>;
    async fn up(&self, request: Request<Streaming<String>>) -> Result<Response<String>, Status>;
    #[rpc(idempotency = "idempotent")]
    async fn hang(&self, request: Request<String>) -> Result<Response<String>, Status>;
}

/// Counts what runs.
#[derive(Clone, Default)]
struct Node(Arc<AtomicU32>);

/// Of a call that a handler has made in vain.
fn of_another() -> Status {
    Status::unavailable("of another call").with_not_processed()
}

impl Relay for Node {
    async fn down(&self, _: Request<String>) -> Result<Response<Streaming<String>>, Status> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Ok(Response::new(Streaming::new(stream::iter([Err(of_another())]))))
    }

    async fn up(&self, request: Request<Streaming<String>>) -> Result<Response<String>, Status> {
        self.0.fetch_add(1, Ordering::Relaxed);
        let mut requests = request.into_inner();
        while requests.next().await.transpose()?.is_some() {}
        Ok("all".to_owned().into())
    }

    async fn hang(&self, _: Request<String>) -> Result<Response<String>, Status> {
        self.0.fetch_add(1, Ordering::Relaxed);
        pending().await
    }
}

async fn connect(broker: &Broker, name: &str) -> Connection {
    broker.connect_with(Options::new().name(name)).await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_stream_of_responses_that_ends_at_once_has_run_and_runs_once() {
    let (broker, node) = (Broker::new(), Node::default());
    let server = Server::builder().add_service(RelayServer::new(node.clone()));
    let _server = server.start(connect(&broker, "server").await).await.unwrap();
    let client = RelayClient::new(Channel::new(connect(&broker, "client").await));
    let status = match client.down("?".to_owned()).await {
        Ok(response) => response.into_inner().next().await.unwrap().unwrap_err(),
        Err(status) => status,
    };
    assert_eq!((status.code(), status.message()), (Code::Unavailable, "of another call"));
    assert!(!status.is_not_processed(), "{status}");
    assert_eq!(node.0.load(Ordering::Relaxed), 1);
}

#[tokio::test(start_paused = true)]
async fn a_stream_of_requests_that_fails_on_the_way_may_have_run() {
    let (broker, node) = (Broker::new(), Node::default());
    let server = Server::builder().add_service(RelayServer::new(node.clone()));
    let _server = server.start(connect(&broker, "server").await).await.unwrap();
    let client = RelayClient::new(Channel::new(connect(&broker, "client").await));
    let requests = stream::iter([Ok("a".to_owned())]).chain(stream::once(async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        Err(of_another())
    }));
    let status = client.up(Streaming::new(requests)).await.unwrap_err();
    assert_eq!((status.code(), status.message()), (Code::Unavailable, "of another call"));
    assert!(!status.is_not_processed(), "{status}");
    assert_eq!(node.0.load(Ordering::Relaxed), 1);
}

/// An instance takes a call, says nothing, and is gone when it is asked again.
#[tokio::test(start_paused = true)]
async fn a_call_at_an_instance_that_is_gone_when_it_is_sent_again_may_have_run() {
    let (broker, node) = (Broker::new(), Node::default());
    let server = Server::builder().add_service(RelayServer::new(node.clone()));
    let server = server.start(connect(&broker, "server").await).await.unwrap();
    let instance = server.instance().to_owned();
    let channel = Channel::bare(connect(&broker, "client").await);
    let client = RelayClient::new(channel).on_instance(instance);
    // So that the channel knows that it is to wait for ACCEPTs.
    client.hang("?".to_owned()).timeout(Duration::from_secs(1)).await.unwrap_err();
    let before = node.0.load(Ordering::Relaxed);

    let call = tokio::spawn(client.hang("?".to_owned()).timeout(Duration::from_millis(300)).into_future());
    tokio::time::sleep(Duration::from_millis(10)).await;
    assert_eq!(node.0.load(Ordering::Relaxed), before + 1);
    broker.partition("server");
    broker.disconnect("server");
    let status = call.await.unwrap().unwrap_err();
    drop(server);
    assert_eq!(status.code(), Code::Unavailable, "{status}");
    assert!(!status.is_not_processed(), "{status}");
}
