//! Peers that can't be reached, while their own connections stay.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use e2e::{Cluster, Flow, Options, World};
use nats_rpc::Connection;
use nats_rpc::transport::Event;

use super::scene::{Calling, SOON, Serving};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_whose_way_is_silent_for_a_while() {
    let world = World::nats();
    let proxy = world.proxy().await;
    let serving = Serving::on(Options::new(proxy.url()).connect().await.unwrap()).await;
    let calling = Calling::of(&world).await;
    let mut flows = calling.open_various().await;
    proxy.stall();
    let took = Flow::all_fail(&mut flows, "the server can't be reached", Instant::now()).await;
    assert!(took < SOON, "{took:?}");
    calling.nothing_is_left().await;
    proxy.resume();
    serving.all_stopped().await;
    calling.streams_work().await;
    serving.nothing_is_left().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_whose_way_is_silent_for_a_while() {
    let world = World::nats();
    let serving = Serving::on(world.connect().await).await;
    let proxy = world.proxy().await;
    let calling = Calling::to(&Options::new(proxy.url())).await;
    let mut flows = calling.open_various().await;
    proxy.stall();
    let took = Flow::all_fail(&mut flows, "the client reaches nobody", Instant::now()).await;
    assert!(took < SOON, "{took:?}");
    calling.nothing_is_left().await;
    proxy.resume();
    serving.all_stopped().await;
    calling.streams_work().await;
    serving.nothing_is_left().await;
}

/// A connection to this node alone, and how often it was made.
pub(super) async fn connect(url: String) -> (Connection, Arc<AtomicUsize>) {
    let made = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&made);
    let builder = Connection::builder().server(url).ignore_discovered_servers();
    let connection = builder.on_event(move |event| {
        if matches!(event, Event::Connected { .. }) {
            counted.fetch_add(1, Ordering::SeqCst);
        }
    });
    (connection.connect().await.unwrap(), made)
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Way {
    /// Both nodes see the route end.
    Cut,
    /// They see nothing.
    Silent,
}

pub(super) async fn a_route_is_not_there(way: Way) {
    let mut cluster = Cluster::start(3).await;
    let (serving, served) = connect(cluster.url(1)).await;
    let (calling, called) = connect(cluster.url(2)).await;
    let (serving, calling) = (Serving::on(serving).await, Calling::on(calling));
    // Once the nodes have told each other of the subscriptions.
    let begin = Instant::now();
    while let Err(status) = calling.client.echo(e2e::Piece::new(1, 10)).await {
        assert!(begin.elapsed() < e2e::LONG, "{status}");
    }
    let mut flows = calling.open_various().await;
    match way {
        Way::Cut => cluster.route(1, 2).cut().await,
        Way::Silent => cluster.route(1, 2).stall(),
    }
    let took = Flow::all_fail(&mut flows, &format!("the route is {way:?}"), Instant::now()).await;
    assert!(took < SOON, "{took:?}");
    calling.nothing_is_left().await;
    match way {
        Way::Cut => cluster.route(1, 2).restore(),
        Way::Silent => cluster.route(1, 2).resume(),
    }
    let begin = Instant::now();
    serving.all_stopped().await;
    println!("the route is back: handlers were stopped after {:?}", begin.elapsed());
    let begin = Instant::now();
    while let Err(status) = calling.client.echo(e2e::Piece::new(1, 10)).await {
        assert!(begin.elapsed() < e2e::LONG, "{status}");
    }
    calling.streams_work().await;
    serving.nothing_is_left().await;
    assert_eq!((served.load(Ordering::SeqCst), called.load(Ordering::SeqCst)), (1, 1), "reconnected");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_route_that_is_silent() {
    a_route_is_not_there(Way::Silent).await;
}
