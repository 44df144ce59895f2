//! One of several instances does badly, leaves, and comes back.

use std::time::Duration;

use nats_rpc::server::{Ejection, Standing};
use nats_rpc::transport::memory::Options;
use tokio::time::{Instant, sleep};

use crate::calls::{Calls, Outcome, burst, done};
use crate::work::Mood;
use crate::world::World;

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test(start_paused = true)]
async fn one_of_three_that_fails_leaves_and_comes_back_when_it_is_well() {
    for mood in [Mood::Fails, Mood::Panics] {
        let world = World::new(1, 3).await;
        let calls = Calls::every(Duration::from_millis(5), world.channel.clone());
        sleep(SECOND).await;
        world.instances[0].worker.feels(mood);
        let left = world.until(0, Standing::Ejected, 2 * SECOND).await;
        assert!(left > Duration::from_millis(300), "it asked nobody: {left:?}");
        // What NATS has sent before is refused, and made again elsewhere.
        let gone = Instant::now();
        sleep(7 * SECOND).await;
        assert!(done(&calls.since(gone)) == 1.0);
        assert_eq!(world.count(Standing::Serving), 2);
        world.instances[0].worker.feels(Mood::Well);
        world.until(0, Standing::Serving, 8 * SECOND).await;
        let (back, runs) = (Instant::now(), world.instances[0].worker.runs());
        sleep(SECOND).await;
        assert!(world.instances[0].worker.runs() > runs + 30);
        assert!(done(&calls.since(back)) == 1.0);
        calls.assert_none_lost();
    }
}

#[tokio::test(start_paused = true)]
async fn one_that_hangs_leaves() {
    let world = World::new(2, 3).await;
    let calls = Calls::every(Duration::from_millis(5), world.channel.clone());
    world.instances[1].worker.feels(Mood::Hangs);
    // Its calls end after half a second.
    world.until(1, Standing::Ejected, 3 * SECOND).await;
    let gone = Instant::now();
    sleep(5 * SECOND).await;
    assert!(done(&calls.since(gone)) == 1.0);
    calls.assert_none_lost();
}

#[tokio::test(start_paused = true)]
async fn absences_grow_while_it_stays_bad() {
    let world = World::new(3, 3).await;
    let _calls = Calls::every(Duration::from_millis(5), world.channel.clone());
    world.instances[0].worker.feels(Mood::Fails);
    let mut absences = Vec::new();
    for _ in 0..4 {
        world.until(0, Standing::Ejected, 5 * SECOND).await;
        absences.push(world.until(0, Standing::Trial, 200 * SECOND).await.as_secs_f64());
    }
    for (absence, expected) in absences.iter().zip([10.0, 20.0, 40.0, 80.0]) {
        assert!((expected * 0.75..expected * 1.3).contains(absence), "{absences:?}");
    }
}

/// A window that is longer than an absence still had what was before it.
#[tokio::test(start_paused = true)]
async fn who_is_well_again_stays_however_long_calls_are_counted() {
    let ejection = Ejection::new().with_window(600 * SECOND).with_failure_ratio(0.1);
    let world = World::with(9, (0..3).map(|_| Options::new()), ejection).await;
    let _calls = Calls::every(Duration::from_millis(5), world.channel.clone());
    world.instances[0].worker.feels(Mood::Fails);
    world.until(0, Standing::Ejected, 2 * SECOND).await;
    world.instances[0].worker.feels(Mood::Well);
    world.until(0, Standing::Serving, 20 * SECOND).await;
    for _ in 0..100 {
        sleep(SECOND / 10).await;
        assert_eq!(world.count(Standing::Serving), 3);
    }
}

#[tokio::test(start_paused = true)]
async fn who_is_alone_never_leaves() {
    let world = World::new(4, 1).await;
    let calls = Calls::every(Duration::from_millis(5), world.channel.clone());
    let mut watch = world.watch(Duration::from_millis(10));
    world.instances[0].worker.feels(Mood::Fails);
    for _ in 0..3_000 {
        assert_eq!(world.instances[0].standing(), Standing::Serving);
        sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(watch.emptied().await, None);
    calls.assert_none_lost();
}

#[tokio::test(start_paused = true)]
async fn what_is_not_the_instances_fault_is_no_reason_to_leave() {
    for mood in [Mood::Refuses, Mood::Overloaded] {
        let world = World::new(5, 3).await;
        let calls = Calls::every(Duration::from_millis(5), world.channel.clone());
        world.instances[0].worker.feels(mood);
        sleep(10 * SECOND).await;
        assert_eq!(world.count(Standing::Serving), 3, "{mood:?}");
        assert!(calls.since(Instant::now() - 10 * SECOND).contains(&match mood {
            Mood::Refuses => Outcome::Failed(nats_rpc::Code::NotFound),
            _ => Outcome::Failed(nats_rpc::Code::ResourceExhausted),
        }));
    }
}

#[tokio::test(start_paused = true)]
async fn it_can_be_switched_off_and_set() {
    let world = World::with(6, (0..3).map(|_| Options::new()), Ejection::off()).await;
    world.instances[0].worker.feels(Mood::Fails);
    burst(&world.channel, 300).await;
    sleep(3 * SECOND).await;
    assert_eq!(world.count(Standing::Serving), 3);
    let patient = Ejection::new().with_min_calls(200).with_first_absence(SECOND);
    let world = World::with(7, (0..3).map(|_| Options::new()), patient).await;
    world.instances[0].worker.feels(Mood::Fails);
    burst(&world.channel, 450).await;
    sleep(3 * SECOND).await;
    assert_eq!(world.count(Standing::Serving), 3);
    burst(&world.channel, 450).await;
    world.until(0, Standing::Ejected, 2 * SECOND).await;
    world.until(0, Standing::Trial, 2 * SECOND).await;
}

/// What makes no sense is refused when the server starts.
#[tokio::test(start_paused = true)]
async fn wrong_settings_are_refused() {
    let connection = nats_rpc::transport::memory::Broker::seeded(8).connect().await.unwrap();
    let server = crate::work::WorkServer::new(crate::work::Worker::new());
    let builder = nats_rpc::Server::builder().add_service(server);
    let wrong = Ejection::new().with_failure_ratio(2.0);
    let status = builder.self_ejection(wrong).start(connection).await.unwrap_err();
    assert_eq!(status.code(), nats_rpc::Code::InvalidArgument);
    assert!(status.message().contains("failure_ratio is 2"), "{status}");
}
