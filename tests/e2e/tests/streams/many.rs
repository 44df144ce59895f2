//! Many streams on one connection, which nobody reads.

use std::time::Duration;

use e2e::proto::Order;
use e2e::{Count, FlowKind, LONG, Pace, Piece, Program, World};
use futures_util::future::try_join_all;
use nats_rpc::transport::Event;
use nats_rpc::{Code, Connection, Origin};

use super::scene::{Calling, Serving};

/// What a connection takes unless it is told otherwise.
const MOST: usize = 1000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_stalled_streams_do_no_harm_and_one_more_is_refused() {
    let world = World::nats();
    let serving = Serving::on(world.connect().await).await;
    let lost = Count::new();
    let counted = lost.clone();
    let builder = Connection::builder().server(world.url()).on_event(move |event| {
        if matches!(event, Event::Disconnected | Event::SlowConsumer) {
            counted.add();
        }
    });
    let calling = Calling::on(builder.connect().await.unwrap());
    // As fast as they go, and nobody reads.
    let order = Order { count: 0, length: 2000, pause_ms: 0 };
    let watch = || async { calling.client.watch(order).await };
    let streams = try_join_all((0..MOST).map(|_| watch())).await.unwrap();
    assert_eq!(serving.feeder.started.get(), MOST);
    for n in 0..50 {
        calling.client.echo(Piece::new(n, 10_000)).timeout(LONG).await.unwrap();
    }
    let waiting = calling.connection.stats().waiting;
    let status = watch().await.unwrap_err();
    assert_eq!(calling.connection.stats().waiting, waiting, "it was never sent");
    println!("one stream more than the client may have: {status}");
    assert_eq!((status.code(), status.origin()), (Code::ResourceExhausted, Origin::Local), "{status}");
    let other = Calling::of(&world).await;
    let status = other.client.watch(order).await.unwrap_err();
    println!("one stream more than the server may have: {status}");
    assert_eq!((status.code(), status.origin()), (Code::ResourceExhausted, Origin::Remote), "{status}");
    assert!(status.is_not_processed());
    assert_eq!((lost.get(), serving.feeder.over.get()), (0, 0));
    drop(streams);
    serving.all_stopped().await;
    calling.nothing_is_left().await;
    other.streams_work().await;
}

/// A NATS server cuts a connection for which 64 MB wait.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_stands_still_with_many_streams_is_not_cut_off() {
    const OF_EACH: usize = 30;
    let world = World::nats();
    let serving = Serving::on(world.connect().await).await;
    let pace = Pace::of(40, 50_000);
    let mut follower = Program::followers(&world.options(), pace, OF_EACH).await;
    follower.freeze();
    tokio::time::sleep(Duration::from_secs(2)).await;
    follower.thaw();
    assert!(follower.ended().await.success());
    for kind in FlowKind::ALL {
        assert_eq!(follower.count(&format!("{kind} has ended after 40")), OF_EACH, "{:#?}", follower.lines());
    }
    serving.nothing_is_left().await;
    let log = world.server().log().unwrap();
    assert!(!log.to_lowercase().contains("slow consumer"), "{log}");
}
