//! A broker that dies under open streams.

use std::time::Instant;

use e2e::{LONG, Piece, World, on_all, until};
use nats_rpc::Origin;

use super::scene::{Calling, Serving};

on_all! {
    open_streams_fail_at_once_and_streams_work_again,
}

async fn open_streams_fail_at_once_and_streams_work_again(mut world: World) {
    let serving = Serving::on(world.connect().await).await;
    let calling = Calling::of(&world).await;
    for _ in 0..2 {
        let mut flows = calling.open_various().await;
        let moved = serving.feeder.started.get();
        world.cut();
        let begin = Instant::now();
        for flow in &mut flows {
            assert_eq!(flow.fails().await.origin(), Origin::Transport);
        }
        let failed = begin.elapsed();
        serving.all_stopped().await;
        println!(
            "the broker has gone: clients know after {failed:?}, handlers were stopped after {:?}",
            begin.elapsed()
        );
        assert!(begin.elapsed() < LONG / 2);
        until("both have noticed", || {
            !calling.connection.is_connected() && !serving.connection.is_connected()
        })
        .await;
        calling.nothing_is_left().await;

        world.restore();
        let begin = Instant::now();
        while let Err(status) = calling.client.echo(Piece::new(1, 10)).timeout(LONG).await {
            assert!(begin.elapsed() < LONG, "{status}");
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        assert_eq!(serving.feeder.started.get(), moved, "something was resumed");
    }
    calling.streams_work().await;
    assert_eq!(serving.feeder.ended.get(), 3);
    calling.nothing_is_left().await;
    serving.nothing_is_left().await;
}
