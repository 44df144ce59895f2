//! Whoever has left comes back when nobody else serves.

use std::time::Duration;

use nats_rpc::server::{Ejection, Standing};
use nats_rpc::transport::memory::Options;
use tokio::time::sleep;

use crate::calls::{Calls, Outcome, one};
use crate::work::Mood;
use crate::world::{Instance, World};

const SECOND: Duration = Duration::from_secs(1);

/// Of two instances, one has left.
async fn one_left(seed: u64) -> (World, usize) {
    let latency = Duration::from_millis(seed % 5 * 5);
    let places = (0..2).map(|_| Options::new().latency(latency).jitter(latency / 2));
    let world = World::with(seed, places, Ejection::new()).await;
    let bad = usize::try_from(seed % 2).unwrap();
    world.instances[bad].worker.feels(Mood::Fails);
    let calls = Calls::every(Duration::from_millis(5), world.channel.clone());
    world.until(bad, Standing::Ejected, 2 * SECOND).await;
    drop(calls);
    // A moment between two looks around, or while the others hear that it has left.
    let longest = if (seed / 10).is_multiple_of(2) { 1_000 } else { 50 };
    sleep(Duration::from_millis(seed * 37 % longest)).await;
    (world, bad)
}

#[tokio::test(start_paused = true)]
async fn when_the_last_one_is_killed_it_is_back_in_a_moment() {
    for seed in 0..100 {
        let (world, bad) = one_left(seed).await;
        world.kill(1 - bad);
        world.until(bad, Standing::Serving, Duration::from_millis(1_600)).await;
        // Until the broker knows of it, far away as it may be.
        sleep(Duration::from_millis(100)).await;
        world.instances[bad].worker.feels(Mood::Well);
        assert_eq!(one(&world.channel).await, Outcome::Done, "seed {seed}");
    }
}

#[tokio::test(start_paused = true)]
async fn when_the_last_one_stops_it_is_back_before() {
    for seed in 0..100 {
        let (mut world, bad) = one_left(seed).await;
        let mut watch = world.watch(Duration::from_millis(1));
        let stopping = world.instances.remove(1 - bad);
        stopping.handle.shutdown().await;
        sleep(Duration::from_millis(10)).await;
        assert_eq!(world.instances[0].standing(), Standing::Serving, "seed {seed}");
        assert_eq!(watch.emptied().await, None, "seed {seed}");
    }
}

/// As when all instances are replaced one by one: the last one was not there to hear that another one left.
#[tokio::test(start_paused = true)]
async fn also_when_the_last_one_began_later() {
    // The new one is nearer than the others are with these, so it is the one that is counted on.
    for seed in (0..25).filter(|seed| seed % 5 > 0) {
        let (mut world, bad) = one_left(seed).await;
        let new = Instance::start(&world.broker, String::from("new"), Options::new(), Ejection::new()).await;
        // Until each knows of the other.
        sleep(2 * SECOND).await;
        world.instances.remove(1 - bad).handle.shutdown().await;
        // Until its fillers no longer count: they would make the next one slow to leave.
        sleep(SECOND).await;
        assert_eq!(world.instances[0].standing(), Standing::Ejected, "seed {seed}");
        let mut watch = world.watch(Duration::from_millis(1));
        new.handle.shutdown().await;
        sleep(Duration::from_millis(10)).await;
        assert_eq!(world.instances[0].standing(), Standing::Serving, "seed {seed}");
        assert_eq!(watch.emptied().await, None, "seed {seed}");
    }
}

/// It does as badly as before, but nobody could take its place.
#[tokio::test(start_paused = true)]
async fn then_it_stays() {
    let (world, bad) = one_left(3).await;
    let calls = Calls::every(Duration::from_millis(5), world.channel.clone());
    world.kill(1 - bad);
    world.until(bad, Standing::Serving, 2 * SECOND).await;
    // Until the broker knows of it, far away as it may be.
    sleep(Duration::from_millis(100)).await;
    let mut watch = world.watch(Duration::from_millis(10));
    for _ in 0..200 {
        sleep(Duration::from_millis(100)).await;
        assert_eq!(world.instances[bad].standing(), Standing::Serving);
    }
    assert_eq!(watch.emptied().await, None);
    assert!(calls.since(tokio::time::Instant::now() - SECOND).len() > 100);
}

/// One that is on trial is relied on by nobody, so it takes all calls when it is the last.
#[tokio::test(start_paused = true)]
async fn a_trial_ends_when_nobody_else_serves() {
    let (world, bad) = one_left(4).await;
    world.instances[bad].worker.feels(Mood::Hangs);
    let calls = Calls::every(Duration::from_millis(5), world.channel.clone());
    world.until(bad, Standing::Trial, 20 * SECOND).await;
    drop(calls);
    world.kill(1 - bad);
    world.until(bad, Standing::Serving, Duration::from_millis(1_600)).await;
}
