//! A client that is 300 ms away.

use std::time::{Duration, Instant};

use e2e::{
    Actor, LONG, Options, ProbeClient, Program, Proxy, Question, World, nothing_runs, nothing_waits,
    question, until,
};
use futures_util::future::join_all;
use nats_rpc::server::Handle;
use nats_rpc::{Channel, Code, Connection};

const ONE_WAY: Duration = Duration::from_millis(150);

struct Scene {
    actor: Actor,
    server: Handle,
    connection: Connection,
    client: ProbeClient,
    world: World,
    _proxy: Proxy,
}

impl Scene {
    async fn new() -> Self {
        let (world, actor) = (World::nats(), Actor::new());
        let server = world.serve(actor.probe()).await;
        let proxy = world.proxy().await;
        proxy.delay(ONE_WAY);
        let connection = Options::new(proxy.url()).connect().await.unwrap();
        let client = ProbeClient::new(Channel::new(connection.clone()));
        Self { actor, server, connection, client, world, _proxy: proxy }
    }

    async fn ask(&self, text: &str) -> e2e::Answer {
        self.client.ask(question(text)).timeout(LONG).await.unwrap().into_inner()
    }

    async fn nothing_is_left(&self) {
        assert_eq!(self.ask("echo next").await.text, "next");
        nothing_waits(&self.connection).await;
        nothing_runs(&self.server).await;
    }
}

#[tokio::test]
async fn fast_calls_take_one_round_trip() {
    let scene = Scene::new().await;
    for _ in 0..3 {
        let begin = Instant::now();
        let calls = (0..50).map(|n| scene.client.ask(question(format!("echo {n}"))).timeout(LONG));
        for (n, given) in join_all(calls).await.into_iter().enumerate() {
            assert_eq!(given.unwrap().into_inner().text, n.to_string());
        }
        let took = begin.elapsed();
        println!("50 calls at once, 300 ms away: {took:?}");
        assert!(took >= ONE_WAY * 2, "{took:?}");
    }
    // None of these was sent twice.
    assert_eq!(scene.actor.started.get(), 150);
    scene.nothing_is_left().await;
}

#[tokio::test]
async fn a_slow_handler_is_not_suspect() {
    let scene = Scene::new().await;
    let begin = Instant::now();
    let call = tokio::spawn(scene.client.ask(question("sleep 2000")).timeout(LONG));
    until("the caller knows", || scene.connection.stats().accepted == 1).await;
    assert_eq!(call.await.unwrap().unwrap().into_inner().text, "awake");
    println!("a handler of 2 s, 300 ms away: answered after {:?}", begin.elapsed());
    assert_eq!((scene.actor.started.get(), scene.actor.ended.get()), (1, 1));
    scene.nothing_is_left().await;
}

#[tokio::test]
async fn a_call_that_is_dropped_stops_its_handler() {
    let scene = Scene::new().await;
    for accepted in [true, false] {
        let before = scene.actor.over.get();
        let call = tokio::spawn(scene.client.ask(question("hang")).timeout(LONG * 2));
        if accepted {
            until("the caller knows", || scene.connection.stats().accepted == 1).await;
        } else {
            until("it has arrived", || scene.server.stats().running == 1).await;
        }
        let begin = Instant::now();
        call.abort();
        scene.actor.over.reach(before + 1).await;
        println!("dropped 300 ms away, accepted: {accepted}: stopped after {:?}", begin.elapsed());
    }
    assert_eq!(scene.actor.ended.get(), 0);
    scene.nothing_is_left().await;
}

#[tokio::test]
async fn a_killed_instance_is_noticed() {
    let scene = Scene::new().await;
    // At another place, so that the call can't reach the other server.
    let options = scene.world.options().prefix("svc.far");
    let mut instance = Program::instance(&options).await;
    let channel = Channel::new(scene.connection.clone()).with_subject("e2e.v1.Probe", "svc.far").unwrap();
    let call = ProbeClient::new(channel).ask(Question { big_number: 1, ..question("hang") });
    let call = tokio::spawn(call.timeout(LONG * 2));
    until("the caller knows", || scene.connection.stats().accepted == 1).await;
    instance.wait_for("started 1").await;
    instance.kill();
    let begin = Instant::now();
    let status = call.await.unwrap().unwrap_err();
    let took = begin.elapsed();
    println!("SIGKILL, 300 ms away: UNAVAILABLE after {took:?}");
    assert_eq!(status.code(), Code::Unavailable, "{status}");
    assert!(!status.is_not_processed() && took < LONG / 2, "{took:?}: {status}");
    scene.nothing_is_left().await;
}
