//! Processes that die in the middle of streams.

use std::time::{Duration, Instant};

use e2e::{Pace, Program, World};

use super::scene::{Calling, SOON, Serving};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_streams_of_a_killed_server_fail_soon() {
    let world = World::nats();
    let mut feeder = Program::feeder(&world.options()).await;
    let calling = Calling::of(&world).await;
    let mut flows = calling.open_various().await;
    feeder.kill();
    let took = e2e::Flow::all_fail(&mut flows, "SIGKILL of the server", Instant::now()).await;
    assert!(took < SOON, "{took:?}");
    calling.nothing_is_left().await;
    let serving = Serving::on(world.connect().await).await;
    calling.streams_work().await;
    serving.nothing_is_left().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_streams_of_a_killed_client_are_stopped() {
    let world = World::nats();
    let serving = Serving::on(world.connect().await).await;
    let paces = [Pace::every(Duration::from_millis(5)), Pace::of(0, 50_000)];
    let mut followers = Vec::new();
    for pace in paces {
        followers.push(Program::follower(&world.options(), pace).await);
    }
    assert_eq!(serving.feeder.started.get(), 6);
    followers.iter_mut().for_each(Program::kill);
    let begin = Instant::now();
    serving.all_stopped().await;
    println!("SIGKILL of a client: its handlers were stopped after {:?}", begin.elapsed());
    Calling::of(&world).await.streams_work().await;
    serving.nothing_is_left().await;
}
