//! Instances that stand still and are still sent calls, which they do not even accept.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use async_nats::Subscriber;
use bytes::Bytes;
use e2e::{
    Answer, Bystander, Count, LONG, ProbeClient, Program, Question, World, answer, frames, nothing_runs,
    nothing_waits, probe, question, until, within,
};
use futures_util::FutureExt;
use futures_util::StreamExt;
use futures_util::future::try_join_all;
use nats_rpc::server::Handle;
use nats_rpc::{Channel, Code, Connection, Server, Status, wire};

/// An instance that stands still, and others that answer everything.
struct Scene {
    frozen: Program,
    others: Vec<Handle>,
    /// What those have answered.
    answered: Count,
    connection: Connection,
    client: ProbeClient,
    world: World,
}

impl Scene {
    /// With so many others.
    async fn new(others: usize) -> Self {
        let world = World::nats();
        let frozen = Program::instance(&world.options()).await;
        let connection = world.connect().await;
        let client = ProbeClient::new(Channel::new(connection.clone()));
        // So that the caller has seen that this service accepts what takes long.
        let slow = tokio::spawn(client.ask(question("sleep 200")).timeout(LONG));
        until("the call is accepted", || connection.stats().accepted == 1).await;
        slow.await.unwrap().unwrap();
        frozen.freeze();
        let (serving, answered) = (world.connect().await, Count::new());
        let others = (0..others).map(|_| {
            // It would wait for the frozen one.
            let server = Server::builder().startup_check(Duration::ZERO);
            let answered = answered.clone();
            // Whatever they are asked.
            let probe = probe(move |_| {
                answered.add();
                async { Ok(answer("here")) }
            });
            server.add_service(probe).start(serving.clone())
        });
        let others = try_join_all(others).await.unwrap();
        Self { frozen, others, answered, connection, client, world }
    }

    async fn ask(&self, id: i64, text: &str, timeout: Duration) -> Result<Answer, Status> {
        let asked = Question { big_number: id, ..question(text) };
        self.client.ask(asked).timeout(timeout).await.map(nats_rpc::Response::into_inner)
    }

    /// Lets the frozen one go on, until it has answered a call that was made afterwards.
    async fn thaw(&self) {
        self.frozen.thaw();
        let begin = Instant::now();
        loop {
            match self.ask(0, "pid", LONG).await {
                Ok(answer) if answer.big_number == i64::from(self.frozen.pid()) => return,
                Ok(_) => {}
                // It has much to do at first.
                Err(status) => assert_eq!(status.code(), Code::Unavailable, "{status}"),
            }
            assert!(begin.elapsed() < LONG, "it does not serve again");
        }
    }

    async fn nothing_is_left(&self) {
        nothing_waits(&self.connection).await;
        for other in &self.others {
            nothing_runs(other).await;
        }
    }
}

/// How many of the openings that somebody who listens in has heard are repeated ones.
fn repeated(tap: &mut Subscriber) -> usize {
    let mut repeated = 0;
    while let Some(Some(message)) = tap.next().now_or_never() {
        let is_repeated = |opening: &Bytes| {
            let frame = wire::FrameView::split(opening).unwrap();
            wire::Open::decode(frame.header).unwrap().attempt > 0
        };
        repeated += frames(&message.payload).iter().filter(|opening| is_repeated(opening)).count();
    }
    repeated
}

#[tokio::test]
async fn an_idempotent_call_is_answered_by_another_instance() {
    // Five attempts may all meet the frozen one: here that happens once in thirty million calls.
    let scene = Scene::new(31).await;
    let nats = Bystander::new(&scene.world).await;
    let mut tap = nats.client().subscribe("svc.e2e.v1.Probe.AskAgain").await.unwrap();
    nats.publish("x", "").await;
    let (mut calls, mut repeats, mut longest) = (0, 0, Duration::ZERO);
    while calls < 40 || repeats < 5 {
        let begin = Instant::now();
        let given = scene.client.ask_again(question("echo x")).timeout(Duration::from_secs(5)).await;
        longest = longest.max(begin.elapsed());
        assert_eq!(given.unwrap().into_inner().text, "here", "{calls}");
        calls += 1;
        repeats += repeated(&mut tap);
    }
    println!("{calls} calls with {repeats} repeats, the longest {longest:?}");
    scene.thaw().await;
    scene.nothing_is_left().await;
}

/// With two instances, a call in 32 meets the frozen one five times.
#[tokio::test]
async fn with_one_of_two_frozen_most_are_answered_and_none_hangs() {
    let scene = Scene::new(1).await;
    let (mut answered, mut longest) = (0, Duration::ZERO);
    for _ in 0..40 {
        let begin = Instant::now();
        match scene.client.ask_again(question("echo x")).timeout(LONG).await {
            Ok(_) => answered += 1,
            Err(status) => assert_eq!(status.code(), Code::Unavailable, "{status}"),
        }
        longest = longest.max(begin.elapsed());
    }
    println!("{answered} of 40 idempotent calls were answered, the longest took {longest:?}");
    assert!(answered >= 28, "{answered}");
    assert!(longest < LONG / 2, "{longest:?}");
    scene.thaw().await;
    scene.nothing_is_left().await;
}

#[tokio::test]
async fn another_call_fails_long_before_its_deadline_and_is_given_up() {
    let mut scene = Scene::new(1).await;
    let (mut lost, mut longest) = (HashSet::new(), Duration::ZERO);
    for id in 1.. {
        let begin = Instant::now();
        // It would hang at the frozen one only.
        if let Err(status) = scene.ask(id, "hang", Duration::from_secs(20)).await {
            longest = longest.max(begin.elapsed());
            assert_eq!(status.code(), Code::Unavailable, "{status}");
            assert!(!status.is_not_processed(), "{status}");
            lost.insert(id);
        }
        if lost.len() == 3 {
            break;
        }
    }
    println!("calls to a frozen instance: UNAVAILABLE after at most {longest:?}");
    assert!(longest < Duration::from_secs(10), "{longest:?}");
    scene.thaw().await;
    // It has found them, and was told to stop, or found that nobody asks after them.
    for id in lost {
        scene.frozen.wait_for(&format!("dropped {id}")).await;
        assert_eq!(scene.frozen.count(&format!("ended {id}")), 0);
    }
    scene.nothing_is_left().await;
}

#[tokio::test]
async fn what_has_become_stale_meanwhile_never_runs() {
    let mut scene = Scene::new(1).await;
    let timeout = Duration::from_millis(300);
    let mut lost = Vec::new();
    for id in 1.. {
        if let Err(status) = scene.ask(id, "echo x", timeout).await {
            assert_eq!(status.code(), Code::DeadlineExceeded, "{status}");
            lost.push(id);
        }
        // The others have not seen these.
        if usize::try_from(id).unwrap() - scene.answered.get() == 5 {
            break;
        }
    }
    // They have to get old: more than half a second past their deadlines.
    tokio::time::sleep(timeout + Duration::from_secs(1)).await;
    scene.thaw().await;
    // Once it has ended in good order it has worked on everything.
    assert!(within("its end", scene.frozen.terminate()).await.success());
    scene.frozen.wait_for("stopped").await;
    let started = |id: &i64| scene.frozen.count(&format!("started {id}")) > 0;
    assert!(!lost.iter().any(started), "{lost:?}: {:#?}", scene.frozen.lines());
    assert_eq!(scene.ask(0, "echo x", LONG).await.unwrap().text, "here");
    scene.nothing_is_left().await;
}

#[tokio::test]
async fn when_it_is_killed_its_calls_fail_and_the_next_do_not() {
    let mut scene = Scene::new(1).await;
    let calls: Vec<_> = (0..40)
        .map(|_| tokio::spawn(scene.client.ask(question("echo x")).timeout(Duration::from_secs(20))))
        .collect();
    until("the other one has answered some", || scene.answered.get() >= 5).await;
    let begin = Instant::now();
    scene.frozen.kill();
    let mut failed = 0;
    for call in calls {
        if let Err(status) = call.await.unwrap() {
            assert_eq!(status.code(), Code::Unavailable, "{status}");
            failed += 1;
        }
    }
    println!(
        "{failed} of 40 calls were killed with their instance, and known to be after {:?}",
        begin.elapsed()
    );
    assert!(failed > 0 && begin.elapsed() < Duration::from_secs(10), "{failed} {:?}", begin.elapsed());
    for _ in 0..40 {
        assert_eq!(scene.ask(0, "echo x", LONG).await.unwrap().text, "here");
    }
    scene.nothing_is_left().await;
}
