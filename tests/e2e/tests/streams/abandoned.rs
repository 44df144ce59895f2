//! Streams whose clients can't say that they have given them up.

use std::time::{Duration, Instant};

use e2e::{FlowKind, Pace, Program, World};

use super::cut_off::{Way, a_route_is_not_there};
use super::scene::{Calling, Serving};

/// All at the same time, since each takes the 15 s that a server waits for somebody to ask after a call.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn they_are_stopped_when_nobody_asks_after_them() {
    tokio::join!(
        the_client_was_killed(),
        the_client_stands_still_for_long(),
        // The route comes back, but has swallowed what the client said.
        a_route_is_not_there(Way::Cut),
    );
}

async fn the_client_was_killed() {
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

/// Once it goes on, it learns that its streams are over.
async fn the_client_stands_still_for_long() {
    let world = World::nats();
    let serving = Serving::on(world.connect().await).await;
    let mut follower = Program::follower(&world.options(), Pace::every(Duration::from_millis(20))).await;
    follower.freeze();
    let begin = Instant::now();
    serving.all_stopped().await;
    println!("SIGSTOP of a client: its handlers were stopped after {:?}", begin.elapsed());
    follower.thaw();
    for kind in FlowKind::ALL {
        follower.wait_for_beginning(&format!("{kind} has failed UNAVAILABLE")).await;
    }
    assert!(follower.ended().await.success());
    assert_eq!(serving.feeder.started.get(), 3);
    serving.nothing_is_left().await;
}
