//! One of three instances is bad. The queue group goes on to give it a third of the calls.

use std::time::{Duration, Instant};

use e2e::{Count, LONG, ProbeClient, Program, Question, World, question};
use futures_util::future::join_all;
use nats_rpc::Code;

use super::outcomes::Outcomes;

const CALLS: usize = 300;
const AT_ONCE: usize = 10;

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

    async fn repeatable(&self, what: &str) -> Outcomes {
        let what = format!("{what}, idempotent calls");
        Outcomes::of(&what, CALLS, AT_ONCE, |_| self.client.ask_again(question("sleep 5"))).await
    }

    async fn others(&self, what: &str) -> Outcomes {
        let what = format!("{what}, other calls");
        Outcomes::of(&what, CALLS, AT_ONCE, |_| self.client.ask(question("sleep 5"))).await
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_one_of_three_is_frozen_calls_that_may_be_repeated_are_answered() {
    let scene = Scene::new().await;
    scene.instances[0].freeze();
    let outcomes = scene.repeatable("1 of 3 frozen").await;
    assert!(outcomes.success() >= 0.95, "{outcomes:?}");
    // What may not be repeated fails where it meets the frozen one, and long before its deadline of 10 s.
    let outcomes = scene.others("1 of 3 frozen").await;
    assert!(outcomes.success() >= 0.5 && outcomes.longest < Duration::from_secs(9), "{outcomes:?}");
    assert_eq!(outcomes.failed_otherwise(&[Code::Unavailable]), 0, "{outcomes:?}");
    scene.instances[0].thaw();
    let begin = Instant::now();
    while scene.others("after the thaw").await.answered < CALLS {
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
            Outcomes::of(what, CALLS, AT_ONCE, call).await
        })
    };
    let repeatable = calls("1 of 3 killed, idempotent calls", true);
    let others = calls("1 of 3 killed, other calls", false);
    ended.reach(100).await;
    scene.instances[0].kill();
    let (repeatable, others) = (repeatable.await.unwrap(), others.await.unwrap());
    assert!(repeatable.success() >= 0.99, "{repeatable:?}");
    // At most all that was under way.
    assert!(CALLS - others.answered <= AT_ONCE, "{others:?}");
    assert_eq!(others.failed_otherwise(&[Code::Unavailable]), 0, "{others:?}");
    assert_eq!(scene.others("after the kill").await.answered, CALLS);
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
    assert!(scene.repeatable("1 of 3 dead").await.success() >= 0.99);
    assert_eq!(running(&mut scene), 2, "it was repeated");
}
