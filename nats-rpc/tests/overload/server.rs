//! The layer in a server.

use std::time::Duration;

use futures_util::future::join_all;
use nats_rpc::layer::{Limit, OverloadLayer};
use nats_rpc::raw::{Call, Reply};
use nats_rpc::server::{Handle, Mount};
use nats_rpc::status::Pushback;
use nats_rpc::transport::memory::Broker;
use nats_rpc::{Channel, Code, Origin, Priority, Reason, Server, Status};
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tower::Service;

use crate::call;
use crate::worker::{HANG, WORK, Worker};

/// How long a call may take that does not wait for others.
const SHORT: Duration = Duration::from_millis(50);

async fn serve(worker: &Worker, layer: OverloadLayer) -> (Channel, Handle) {
    let broker = Broker::seeded(1);
    let connection = broker.connect().await.unwrap();
    let server = Server::builder().layer(layer).add_service(worker.clone()).start(connection).await.unwrap();
    (Channel::bare(broker.connect().await.unwrap()), server)
}

fn start(channel: &Channel, call: Call) -> JoinHandle<Result<Reply, Status>> {
    tokio::spawn(channel.clone().call(call))
}

async fn until(condition: impl Fn() -> bool) {
    for _ in 0..10_000 {
        if condition() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    panic!("waited for too long");
}

/// All places are taken, and the queue is full, of calls that never end; still every call is read and answered.
#[tokio::test(start_paused = true)]
async fn a_full_layer_holds_up_no_reader() {
    let worker = Worker::new(Duration::from_millis(1));
    let layer = OverloadLayer::new()
        .with_limit(Limit::fixed(4))
        .with_queue_percent(100)
        .with_interval(Duration::from_secs(3600));
    let (channel, server) = serve(&worker, layer.clone()).await;
    let hanging: Vec<_> = (0..8).map(|_| start(&channel, call(HANG, Priority::Critical))).collect();
    until(|| layer.stats().running == 4 && layer.stats().queued == 4).await;
    let begin = Instant::now();
    let calls = (0..2_000).map(|n| start(&channel, call([WORK, HANG][n % 2], Priority::Default)));
    for outcome in join_all(calls).await {
        let status = outcome.unwrap().unwrap_err();
        assert_eq!((status.code(), status.origin()), (Code::ResourceExhausted, Origin::Remote));
        assert_eq!(status.reason(), Some(Reason::Overloaded));
        assert!(status.is_not_processed());
        assert!(matches!(status.pushback(), Some(Pushback::After(_))), "{:?}", status.pushback());
    }
    assert!(begin.elapsed() < SHORT, "{:?}", begin.elapsed());
    assert_eq!((worker.started(), layer.stats().rejected.default), (4, 2_000));
    worker.let_go(8);
    for outcome in join_all(hanging).await {
        outcome.unwrap().unwrap();
    }
    server.shutdown().await;
    assert_eq!((layer.stats().running, layer.stats().queued), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_method_that_hangs_leaves_the_others_alone() {
    let worker = Worker::new(Duration::from_millis(1));
    let (channel, _server) = serve(&worker, OverloadLayer::per_method(|_| Limit::fixed(4))).await;
    let _hanging: Vec<_> = (0..20).map(|_| start(&channel, call(HANG, Priority::Default))).collect();
    until(|| worker.started() >= 3).await;
    for _ in 0..100 {
        let begin = Instant::now();
        start(&channel, call(WORK, Priority::Default)).await.unwrap().unwrap();
        assert!(begin.elapsed() < SHORT, "{:?}", begin.elapsed());
    }
}

#[tokio::test(start_paused = true)]
async fn one_layer_counts_for_all_services_of_a_server() {
    let broker = Broker::seeded(1);
    let (one, other) = (Worker::new(Duration::ZERO), Worker::new(Duration::ZERO));
    let layer = OverloadLayer::new().with_limit(Limit::fixed(2)).with_queue_percent(0);
    let server = Server::builder()
        .add_service(one.clone())
        .layer(layer.clone())
        .add_service(Mount::new(other.clone()).subject("elsewhere").unwrap())
        .start(broker.connect().await.unwrap())
        .await
        .unwrap();
    let channel = Channel::bare(broker.connect().await.unwrap());
    let elsewhere = channel.clone().with_subject("test.Worker", "elsewhere").unwrap();
    let hanging = [&channel, &elsewhere].map(|channel| start(channel, call(HANG, Priority::Critical)));
    until(|| layer.stats().running == 2).await;
    assert_eq!((one.started(), other.started()), (1, 1));
    for channel in [&channel, &elsewhere] {
        let status = start(channel, call(HANG, Priority::Critical)).await.unwrap().unwrap_err();
        assert_eq!(status.reason(), Some(Reason::Overloaded), "{status}");
    }
    one.let_go(1);
    other.let_go(1);
    for outcome in join_all(hanging).await {
        outcome.unwrap().unwrap();
    }
    server.shutdown().await;
}

/// A caller that gives up while its call waits frees the place there, over the wire.
#[tokio::test(start_paused = true)]
async fn who_gives_up_leaves_the_queue() {
    let worker = Worker::new(Duration::ZERO);
    let layer = OverloadLayer::new().with_limit(Limit::fixed(1)).with_interval(Duration::from_secs(3600));
    let (channel, _server) = serve(&worker, layer.clone()).await;
    let _hanging = start(&channel, call(HANG, Priority::Critical));
    until(|| layer.stats().running == 1).await;
    let waiting = start(&channel, call(HANG, Priority::Critical));
    until(|| layer.stats().queued == 1).await;
    waiting.abort();
    until(|| layer.stats().queued == 0).await;
    assert_eq!((layer.stats().running, worker.started()), (1, 1));
}
