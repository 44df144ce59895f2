//! A server process that dies in the middle of streams.

use std::time::Instant;

use e2e::{Flow, Program, World};

use super::scene::{Calling, SOON, Serving};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_streams_of_a_killed_server_fail_soon() {
    let world = World::nats();
    let mut feeder = Program::feeder(&world.options()).await;
    let calling = Calling::of(&world).await;
    let mut flows = calling.open_various().await;
    feeder.kill();
    let took = Flow::all_fail(&mut flows, "SIGKILL of the server", Instant::now()).await;
    assert!(took < SOON, "{took:?}");
    calling.nothing_is_left().await;
    let serving = Serving::on(world.connect().await).await;
    calling.streams_work().await;
    serving.nothing_is_left().await;
}
