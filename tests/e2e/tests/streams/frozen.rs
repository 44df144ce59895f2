//! Processes that stand still in the middle of streams.

use std::time::{Duration, Instant};

use e2e::{Flow, FlowKind, Pace, Program, World};

use super::scene::{Calling, SOON, Serving};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_streams_of_a_frozen_server_fail_soon_and_are_stopped_when_it_thaws() {
    let world = World::nats();
    let mut feeder = Program::feeder(&world.options()).await;
    let calling = Calling::of(&world).await;
    let mut flows = calling.open_various().await;
    feeder.freeze();
    let took = Flow::all_fail(&mut flows, "SIGSTOP of the server", Instant::now()).await;
    assert!(took < SOON, "{took:?}");
    calling.nothing_is_left().await;
    let moved: Vec<usize> = flows.iter().map(|flow| flow.moved.get()).collect();
    let begin = Instant::now();
    feeder.thaw();
    for kind in FlowKind::ALL {
        let line = format!("dropped {kind}");
        while feeder.count(&line) < 3 {
            feeder.wait_for(&line).await;
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        assert_eq!(
            (feeder.count(&format!("started {kind}")), feeder.count(&format!("ended {kind}"))),
            (3, 0)
        );
    }
    println!("it has thawed: its handlers were stopped after {:?}", begin.elapsed());
    assert_eq!(flows.iter().map(|flow| flow.moved.get()).collect::<Vec<_>>(), moved, "resumed");
    calling.streams_work().await;
    calling.nothing_is_left().await;
}

/// For less long than its server takes it for gone.
#[tokio::test]
async fn the_streams_of_a_client_that_was_frozen_for_a_while_go_on() {
    let world = World::nats();
    let serving = Serving::on(world.connect().await).await;
    let pace = Pace { pause: Duration::from_millis(5), ..Pace::of(300, 1000) };
    let mut follower = Program::follower(&world.options(), pace).await;
    follower.freeze();
    tokio::time::sleep(Duration::from_secs(2)).await;
    follower.thaw();
    for kind in FlowKind::ALL {
        follower.wait_for(&format!("{kind} has ended after 300")).await;
    }
    assert_eq!(serving.feeder.ended.get(), 3);
    serving.nothing_is_left().await;
}
