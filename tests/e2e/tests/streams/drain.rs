//! A server with open streams that leaves.

use std::time::{Duration, Instant};

use e2e::{Feeder, Flow, FlowKind, Pace, World};
use nats_rpc::{Code, Origin, Reason, Server};

use super::scene::{Calling, Serving};

const GRACE: Duration = Duration::from_secs(3);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn open_streams_may_end_and_new_ones_go_elsewhere() {
    let world = World::nats();
    let (feeder, connection) = (Feeder::new(), world.connect().await);
    let server = Server::builder().add_service(feeder.feed()).grace(GRACE);
    let leaving = server.start(connection.clone()).await.unwrap();
    let calling = Calling::of(&world).await;
    let client = calling.client.on_instance(leaving.instance());
    let other = Serving::on(world.connect().await).await;
    let mut endless = Flow::open_all(&client, Pace::every(Duration::from_millis(5))).await;
    let pace = Pace { pause: Duration::from_millis(10), ..Pace::of(50, 1000) };
    let finite = FlowKind::ALL.map(|kind| Flow::open(&client, kind, pace));
    feeder.started.reach(6).await;

    let begin = Instant::now();
    let shutdown = tokio::spawn(leaving.shutdown());
    // Whatever is opened meanwhile is taken, by one of them.
    let mut opened = 0;
    while other.feeder.started.get() < 100 {
        let news = FlowKind::ALL.map(|kind| Flow::open(&calling.client, kind, Pace::of(3, 100)));
        for mut flow in news {
            flow.end().await.unwrap();
        }
        opened += 3;
    }
    println!(
        "{opened} streams were opened while an instance left, {} at the other",
        other.feeder.started.get()
    );
    for mut flow in finite {
        flow.end().await.unwrap();
    }
    let (finished, ended) = (begin.elapsed(), feeder.ended.get());
    assert!(!shutdown.is_finished() || finished > GRACE);
    for flow in &mut endless {
        let status = flow.end().await.unwrap_err();
        assert_eq!((status.code(), status.origin()), (Code::Unavailable, Origin::Remote), "{status}");
        assert_eq!(status.reason(), Some(Reason::Shutdown), "{status}");
    }
    let stopped = begin.elapsed();
    shutdown.await.unwrap();
    println!("running streams had ended after {finished:?}, endless ones were stopped after {stopped:?}");
    assert!(stopped >= GRACE && ended >= 3, "{stopped:?} {ended}");
    assert_eq!(feeder.over.get(), feeder.started.get());
    e2e::nothing_waits(&connection).await;
    other.nothing_is_left().await;
    calling.nothing_is_left().await;
}
