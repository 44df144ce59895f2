//! An instance that comes back takes few calls at first.

use std::time::Duration;

use nats_rpc::server::Standing;
use tokio::time::{Instant, sleep};

use crate::calls::{Calls, done};
use crate::work::Mood;
use crate::world::World;

const SECOND: Duration = Duration::from_secs(1);

/// An instance that has been away, and feels like this as it comes back.
async fn on_trial(seed: u64, mood: Mood) -> (World, Calls) {
    let world = World::new(seed, 3).await;
    world.instances[0].worker.feels(Mood::Fails);
    let calls = Calls::every(Duration::from_millis(2), world.channel.clone());
    world.until(0, Standing::Ejected, 2 * SECOND).await;
    world.instances[0].worker.feels(mood);
    world.until(0, Standing::Trial, 20 * SECOND).await;
    (world, calls)
}

#[tokio::test(start_paused = true)]
async fn what_still_fails_fails_for_twenty_calls() {
    for mood in [Mood::Fails, Mood::Hangs] {
        let (world, calls) = on_trial(1, mood).await;
        let (begin, runs) = (Instant::now(), world.instances[0].worker.runs());
        world.until(0, Standing::Ejected, 3 * SECOND).await;
        assert_eq!(world.instances[0].worker.runs() - runs, 20, "{mood:?}");
        let outcomes = calls.since(begin);
        assert!(outcomes.len() > 300 && done(&outcomes) > 0.9, "{mood:?}: {}", done(&outcomes));
        calls.assert_none_lost();
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_well_passes_after_a_second() {
    let (world, calls) = on_trial(2, Mood::Takes(Duration::from_millis(20))).await;
    let (begin, runs) = (Instant::now(), world.instances[0].worker.runs());
    let lasted = world.until(0, Standing::Serving, 2 * SECOND).await;
    assert!(lasted >= Duration::from_millis(900), "{lasted:?}");
    // As fast as they are done.
    assert!(world.instances[0].worker.runs() - runs > 100);
    assert_eq!(done(&calls.since(begin)), 1.0);
    sleep(5 * SECOND).await;
    assert_eq!(world.count(Standing::Serving), 3);
}
