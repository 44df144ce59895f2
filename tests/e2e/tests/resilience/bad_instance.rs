//! One of three instances is bad. The queue group goes on to give it a third of the calls.

use std::future::pending;
use std::time::{Duration, Instant};

use e2e::{
    Count, LONG, ProbeClient, Program, Question, World, answer, nothing_runs, nothing_waits, probe, question,
};
use futures_util::future::join_all;
use nats_rpc::spec::{HedgeSpec, RetrySpec};
use nats_rpc::{Channel, Code};

use super::outcomes::{Outcomes, Volume};

/// Slow enough for the budget of further attempts, of which there are 10 a second and 20 % of the calls besides: a third
/// of the calls meets the bad instance, and a third of the further attempts.
const STEADY: Volume = Volume { calls: 150, at_once: 50, pause: Duration::from_millis(40) };
const FAST: Volume = Volume { calls: 300, at_once: 10, pause: Duration::ZERO };

/// So that next to no call meets the bad one each time: one in 243.
const FIVE: RetrySpec = RetrySpec::new().with_max_attempts(5);

/// Three instances, each in a process of its own, and a caller that has met all of them.
struct Scene {
    instances: Vec<Program>,
    client: ProbeClient,
    _world: World,
}

impl Scene {
    async fn new() -> Self {
        let world = World::nats();
        let options = world.options();
        let instances = join_all((0..3).map(|_| Program::instance(&options))).await;
        let client = world.client().await;
        let met = join_all((0..60).map(|_| client.ask(question("sleep 200")).timeout(LONG))).await;
        assert!(met.iter().all(Result::is_ok), "{met:?}");
        Self { instances, client, _world: world }
    }

    async fn repeatable(&self, what: &str, volume: Volume) -> Outcomes {
        let what = format!("{what}, idempotent calls");
        Outcomes::of(&what, volume, |_| self.client.ask_again(question("sleep 5")).retry(FIVE)).await
    }

    async fn others(&self, what: &str) -> Outcomes {
        let what = format!("{what}, other calls");
        Outcomes::of(&what, FAST, |_| self.client.ask(question("sleep 5"))).await
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_one_of_three_is_frozen_calls_that_may_be_repeated_are_answered() {
    let scene = Scene::new().await;
    scene.instances[0].freeze();
    let outcomes = scene.repeatable("1 of 3 frozen", STEADY).await;
    assert!(outcomes.success() >= 0.95, "{outcomes:?}");
    // What may not be repeated fails where it meets the frozen one, and long before its deadline of 10 s.
    let outcomes = scene.others("1 of 3 frozen").await;
    assert!(outcomes.success() >= 0.5 && outcomes.longest < Duration::from_secs(9), "{outcomes:?}");
    assert_eq!(outcomes.failed_otherwise(&[Code::Unavailable]), 0, "{outcomes:?}");
    scene.instances[0].thaw();
    let begin = Instant::now();
    while scene.others("after the thaw").await.answered < FAST.calls {
        assert!(begin.elapsed() < LONG, "it does not become well");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_one_of_three_is_killed_only_what_it_had_begun_can_fail() {
    let mut scene = Scene::new().await;
    let ended = Count::new();
    let calls = |what: &'static str, repeatable: bool| {
        let (client, ended) = (scene.client.clone(), ended.clone());
        tokio::spawn(async move {
            let call = |number: usize| {
                let (client, ended) = (client.clone(), ended.clone());
                let asked = Question { big_number: number as i64, ..question("sleep 20") };
                async move {
                    let outcome =
                        if repeatable { client.ask_again(asked).await } else { client.ask(asked).await };
                    ended.add();
                    outcome
                }
            };
            Outcomes::of(what, FAST, call).await
        })
    };
    let repeatable = calls("1 of 3 killed, idempotent calls", true);
    let others = calls("1 of 3 killed, other calls", false);
    ended.reach(100).await;
    scene.instances[0].kill();
    let (repeatable, others) = (repeatable.await.unwrap(), others.await.unwrap());
    assert!(repeatable.success() >= 0.99, "{repeatable:?}");
    // At most all that was under way.
    assert!(FAST.calls - others.answered <= FAST.at_once, "{others:?}");
    assert_eq!(others.failed_otherwise(&[Code::Unavailable]), 0, "{others:?}");
    assert_eq!(scene.others("after the kill").await.answered, FAST.calls);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_instance_that_dies_in_the_middle_of_a_call_hangs_nobody() {
    let mut scene = Scene::new().await;
    let call = tokio::spawn(scene.client.ask(question("die")).timeout(LONG));
    let status = call.await.unwrap().unwrap_err();
    assert_eq!(status.code(), Code::Unavailable, "{status}");
    assert!(!status.is_not_processed(), "it had begun: {status}");
    let running =
        |scene: &mut Scene| scene.instances.iter_mut().map(Program::runs).filter(|runs| *runs).count();
    let begin = Instant::now();
    while running(&mut scene) == 3 {
        assert!(begin.elapsed() < LONG, "nobody has died");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    assert!(scene.repeatable("1 of 3 dead", FAST).await.success() >= 0.99);
    assert_eq!(running(&mut scene), 2, "it was repeated");
}

/// Three instances, of which one accepts calls and never ends them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_one_of_three_hangs_attempts_that_end_or_are_hedged_are_answered() {
    let world = World::nats();
    let started = Count::new();
    let starts = started.clone();
    let hung = world.serve(probe(move |_| {
        starts.add();
        pending()
    }));
    let hung = hung.await;
    let well = || probe(|_| async { Ok(answer("here")) });
    let _others = [world.serve(well()).await, world.serve(well()).await];
    let connection = world.connect().await;
    let client = ProbeClient::new(Channel::new(connection.clone()));

    let attempt = Duration::from_secs(1);
    let retried = |_| client.ask_again(question("")).attempt_timeout(attempt).retry(FIVE);
    let outcomes = Outcomes::of("1 of 3 hung, retried calls", STEADY, retried).await;
    assert!(outcomes.success() >= 0.95, "{outcomes:?}");

    // One in 27 meets the hung one three times, and ends at its deadline.
    let hedge = HedgeSpec::new().with_max_attempts(3).with_delay(Duration::from_millis(100));
    let hedged = |_| client.ask_again(question("")).hedge(hedge).timeout(Duration::from_secs(3));
    let outcomes = Outcomes::of("1 of 3 hung, hedged calls", STEADY, hedged).await;
    assert!(outcomes.success() >= 0.85, "{outcomes:?}");
    assert_eq!(outcomes.failed_otherwise(&[Code::DeadlineExceeded]), 0, "{outcomes:?}");

    // What was given up does not go on hanging.
    println!("the hung instance began {} calls", started.get());
    nothing_runs(&hung).await;
    nothing_waits(&connection).await;
}
