//! A leaf node with a smaller `max_payload` than the hub.

use std::time::Duration;

use e2e::{Flow, FlowKind, LONG, Pace, Piece};
use nats_rpc::Connection;
use nats_server::Server;

use super::scene::{Calling, Serving};

const LIMIT: usize = 64 * 1024;

struct Link {
    hub: Server,
    leaf: Server,
}

impl Link {
    async fn new() -> Self {
        let hub = Server::builder().config("leafnodes { listen: \"127.0.0.1:-1\" }").monitoring(true);
        let hub = hub.start().unwrap();
        let all: serde_json::Value = serde_json::from_str(&hub.monitor("/varz").unwrap()).unwrap();
        let port = &all["leaf"]["port"];
        let remote =
            format!("leafnodes {{ remotes: [{{ url: \"nats://127.0.0.1:{port}\" }}], reconnect: 1 }}");
        let leaf = Server::builder().config(format!("max_payload: {LIMIT}\n{remote}")).start().unwrap();
        let link = Self { hub, leaf };
        e2e::until("the leaf node is linked", || link.made() == 1).await;
        link
    }

    /// How often the link was made so far.
    fn made(&self) -> usize {
        self.hub.log().unwrap().matches("Leafnode connection created").count()
    }
}

/// `frame_limit` is what has to be set where the limit of a leaf node is not that of the own server.
async fn connect(server: &Server, frame_limit: Option<usize>) -> Connection {
    let builder = Connection::builder().server(server.url());
    let builder = match frame_limit {
        Some(limit) => builder.frame_limit(limit),
        None => builder,
    };
    builder.connect().await.unwrap()
}

async fn large_messages_pass(link: &Link, server: &Server, client: &Server) {
    let serving = Serving::on(connect(server, Some(LIMIT)).await).await;
    let calling = Calling::on(connect(client, Some(LIMIT)).await);
    let begin = std::time::Instant::now();
    // Until the servers have told each other of the subscriptions.
    while let Err(status) = calling.client.echo(Piece::new(0, 10)).await {
        assert!(begin.elapsed() < LONG, "{status}");
    }
    for length in [LIMIT - 8 * 1024, LIMIT, 1_000_000, 4_000_000] {
        let piece = Piece::new(length as u64, length);
        let given = calling.client.echo(piece.clone()).timeout(LONG).await.unwrap().into_inner();
        assert!(given == piece, "{length}");
    }
    for pace in [Pace::of(50, 50_000), Pace::of(8, 900_000), Pace::of(2, 4_000_000)] {
        for mut flow in FlowKind::ALL.map(|kind| Flow::open(&calling.client, kind, pace)) {
            flow.end().await.unwrap();
        }
    }
    assert_eq!(link.made(), 1, "the link has broken");
    calling.nothing_is_left().await;
    serving.nothing_is_left().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn large_messages_pass_from_the_hub_to_a_leaf_node() {
    let link = Link::new().await;
    large_messages_pass(&link, &link.leaf, &link.hub).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn large_messages_pass_from_a_leaf_node_to_the_hub() {
    let link = Link::new().await;
    large_messages_pass(&link, &link.hub, &link.leaf).await;
}

/// What the limit of frames is for.
#[tokio::test]
async fn a_frame_that_is_too_large_breaks_the_link() {
    let link = Link::new().await;
    let _serving = Serving::on(connect(&link.leaf, None).await).await;
    let calling = Calling::on(connect(&link.hub, None).await);
    let begin = std::time::Instant::now();
    while let Err(status) = calling.client.echo(Piece::new(0, 10)).await {
        assert!(begin.elapsed() < LONG, "{status}");
    }
    let call = calling.client.echo(Piece::new(1, 500_000)).timeout(Duration::from_secs(3));
    let status = call.await.unwrap_err();
    println!("a frame that is too large for a leaf node: {status}");
    e2e::until("the link was made again", || link.made() == 2).await;
}
