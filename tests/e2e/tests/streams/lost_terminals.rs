//! Ends of streams that a route has swallowed.

use std::time::{Duration, Instant};

use e2e::{Cluster, FeedClient, Feeder, Flow, FlowKind, Pace, nothing_runs, nothing_waits};
use futures_util::future::try_join_all;
use nats_rpc::{Channel, Server};

use super::cut_off::connect;

/// So many that each is asked after its streams every 4 s, and so not missed within 2 s.
const INSTANCES: usize = 80;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn streams_whose_ends_are_lost_do_not_hang() {
    let mut cluster = Cluster::start(3).await;
    let (serving, _) = connect(cluster.url(1)).await;
    let (connection, _) = connect(cluster.url(2)).await;
    let feeder = Feeder::new();
    let servers = (0..INSTANCES).map(|_| {
        let server = Server::builder().startup_check(Duration::ZERO).add_service(feeder.feed());
        server.start(serving.clone())
    });
    let servers = try_join_all(servers).await.unwrap();
    let client = FeedClient::new(Channel::new(connection.clone()));
    for server in &servers {
        let client = client.on_instance(server.instance());
        let begin = Instant::now();
        while let Err(status) = client.echo(e2e::Piece::new(1, 10)).await {
            assert!(begin.elapsed() < e2e::LONG, "{status}");
        }
    }
    let pace = Pace { pause: Duration::from_secs(3), ..Pace::of(1, 100) };
    let mut flows: Vec<_> = servers
        .iter()
        .map(|server| Flow::open(&client.on_instance(server.instance()), FlowKind::Watch, pace))
        .collect();
    feeder.started.reach(INSTANCES).await;
    e2e::until("all are accepted", || connection.stats().accepted == INSTANCES).await;
    cluster.route(1, 2).cut().await;
    let begin = Instant::now();
    feeder.ended.reach(INSTANCES).await;
    println!("all {INSTANCES} streams have ended {:?} after the cut", begin.elapsed());
    cluster.route(1, 2).restore();
    for server in &servers {
        nothing_runs(server).await;
    }
    let mut forgotten = 0;
    for flow in &mut flows {
        let status = flow.fails().await;
        forgotten += usize::from(status.message().contains("no longer knows"));
    }
    println!("{:?} after the cut their callers know, {forgotten} by asking", begin.elapsed());
    assert!(forgotten > 0);
    nothing_waits(&connection).await;
    nothing_waits(&serving).await;
}
