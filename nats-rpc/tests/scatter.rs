//! Calls of all instances, through what the instances of a service have in common.
#![cfg(feature = "macros")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use futures_util::StreamExt;
use nats_rpc::layer::idempotency::{IdempotencyLayer, MemoryStore};
use nats_rpc::server::Mount;
use nats_rpc::transport::memory::Broker;
use nats_rpc::{Channel, Request, Response, Server, Status};

#[nats_rpc::service(package = "test.v1")]
pub trait Cache {
    #[rpc(idempotency = "idempotent")]
    async fn flush(&self, request: Request<String>) -> Result<Response<u32>, Status>;
}

#[derive(Clone, Default)]
struct Node(Arc<AtomicU32>);

impl Cache for Node {
    async fn flush(&self, _: Request<String>) -> Result<Response<u32>, Status> {
        Ok((self.0.fetch_add(1, Ordering::Relaxed) + 1).into())
    }
}

/// Each of them is another call, although they have one memory.
#[tokio::test(start_paused = true)]
async fn instances_that_remember_calls_together_all_run_it() {
    let (broker, store) = (Broker::new(), Arc::new(MemoryStore::new()));
    let nodes = [(); 3].map(|()| Node::default());
    let mut servers = Vec::new();
    for node in &nodes {
        let service = CacheServer::new(node.clone());
        let mount = Mount::new(service).layer(IdempotencyLayer::new(Arc::clone(&store)));
        let connection = broker.connect().await.unwrap();
        servers.push(Server::builder().add_service(mount).start(connection).await.unwrap());
    }
    let client = CacheClient::new(Channel::new(broker.connect().await.unwrap()));
    for times in 1..=2 {
        let scattered = client.scatter().flush("all".to_owned()).timeout(Duration::from_secs(5));
        let answers: Vec<_> = scattered.await.unwrap().collect().await;
        assert_eq!(answers.len(), 3);
        for (instance, answer) in answers {
            assert_eq!(answer.unwrap().into_inner(), times, "{instance}");
        }
    }
    assert!(nodes.iter().all(|node| node.0.load(Ordering::Relaxed) == 2));
}
