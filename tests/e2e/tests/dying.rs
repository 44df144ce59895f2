//! Processes that die or stand still under a call that was accepted.

use std::time::{Duration, Instant};

use e2e::{Actor, LONG, ProbeClient, Program, Question, World, nothing_runs, nothing_waits, question, until};
use nats_rpc::server::Handle;
use nats_rpc::{Channel, Code, Connection, Status};
use tokio::task::JoinHandle;

/// What a caller gets to know long before its deadline. Usually it takes a second.
const SOON: Duration = Duration::from_secs(5);

/// An instance in a process of its own that has accepted a call, and another instance.
struct Scene {
    instance: Program,
    survivor: Handle,
    connection: Connection,
    client: ProbeClient,
    call: JoinHandle<Result<e2e::Answer, Status>>,
    _world: World,
}

impl Scene {
    async fn new(text: &str) -> Self {
        let world = World::nats();
        let mut instance = Program::instance(&world.options()).await;
        let connection = world.connect().await;
        let client = ProbeClient::new(Channel::new(connection.clone()));
        let call = client.ask(Question { big_number: 1, ..question(text) }).timeout(LONG * 2);
        let call = tokio::spawn(async move { call.await.map(nats_rpc::Response::into_inner) });
        instance.wait_for("started 1").await;
        until("the caller knows", || connection.stats().accepted == 1).await;
        // The call can't have reached this one.
        let survivor = world.serve(Actor::new().probe()).await;
        Self { instance, survivor, connection, client, call, _world: world }
    }

    /// The call has failed soon after now.
    async fn has_failed(&mut self, what: &str) {
        let begin = Instant::now();
        let status = (&mut self.call).await.unwrap().unwrap_err();
        let took = begin.elapsed();
        println!("{what} under an accepted call: UNAVAILABLE after {took:?}");
        assert_eq!(status.code(), Code::Unavailable, "{status}");
        assert!(!status.is_not_processed(), "it may have run: {status}");
        assert!(took < SOON, "{took:?}");
    }

    async fn nothing_is_left(&self) {
        nothing_waits(&self.connection).await;
        nothing_runs(&self.survivor).await;
    }
}

#[tokio::test]
async fn a_call_of_a_killed_instance_fails_soon() {
    let mut scene = Scene::new("sleep 8000").await;
    scene.instance.kill();
    scene.has_failed("SIGKILL").await;
    for _ in 0..20 {
        let next = scene.client.ask(question("echo next")).timeout(LONG).await.unwrap();
        assert_eq!(next.into_inner().text, "next");
    }
    scene.nothing_is_left().await;
}

#[tokio::test]
async fn a_call_of_a_frozen_instance_fails_soon_and_is_stopped_when_it_thaws() {
    let mut scene = Scene::new("hang").await;
    scene.instance.freeze();
    scene.has_failed("SIGSTOP").await;
    // NATS still sends every second attempt to the frozen one, so even five may be in vain.
    let begin = Instant::now();
    while let Err(status) = scene.client.ask_again(question("echo next")).timeout(LONG).await {
        assert!(status.code() == Code::Unavailable && begin.elapsed() < LONG, "{status}");
    }
    scene.instance.thaw();
    // Only its caller can have stopped it: the deadline is far away.
    scene.instance.wait_for("dropped 1").await;
    let begin = Instant::now();
    loop {
        let answer = scene.client.ask(question("pid")).timeout(LONG).await.unwrap().into_inner();
        if answer.big_number == i64::from(scene.instance.pid()) {
            break;
        }
        assert!(begin.elapsed() < LONG, "it does not serve again");
    }
    assert_eq!(scene.instance.count("ended 1"), 0);
    scene.nothing_is_left().await;
}

#[tokio::test]
async fn a_call_of_a_caller_that_vanishes_is_stopped() {
    let (world, actor) = (World::nats(), Actor::new());
    let server = world.serve(actor.probe()).await;
    let mut caller = Program::caller(&world.options(), "hang", 1, 600_000).await;
    until("the call is accepted", || server.stats().accepted == 1).await;
    caller.kill();
    let begin = Instant::now();
    actor.over.reach(1).await;
    println!("a caller that vanished: its handler was stopped after {:?}", begin.elapsed());
    nothing_runs(&server).await;
    let (connection, text) = (world.connect().await, "echo next");
    let client = ProbeClient::new(Channel::new(connection.clone()));
    assert_eq!(client.ask(question(text)).timeout(LONG).await.unwrap().into_inner().text, "next");
    nothing_waits(&connection).await;
}
