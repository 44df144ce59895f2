//! A server and a client that may do what this release needs, and nothing else.

use std::time::Duration;

use e2e::{
    Account, Actor, Bystander, LONG, Options, ProbeClient, World, needed_permissions, nothing_runs,
    nothing_waits, question, until,
};
use nats_rpc::raw::{Body, Call};
use nats_rpc::server::Handle;
use nats_rpc::{Channel, Code, Connection, Kind, Method};
use tower::{Service, ServiceExt};

const PREFIX: &str = "svc.e2e.v1.Probe";

struct Scene {
    actor: Actor,
    server: Handle,
    connection: Connection,
    client: ProbeClient,
    world: World,
}

async fn serve(options: &Options, actor: &Actor) -> Result<Handle, nats_rpc::Status> {
    options.server(actor.probe()).unwrap().start(options.connect().await.unwrap()).await
}

impl Scene {
    async fn new() -> Self {
        let methods = ["Ask", "AskAgain", "NoSuch"];
        let (world, actor) = (World::with_config(needed_permissions(PREFIX, "q", &methods)), Actor::new());
        let server = serve(&Account::Server.options(world.url()), &actor).await.unwrap();
        let connection = Account::Client.options(world.url()).connect().await.unwrap();
        let client = ProbeClient::new(Channel::new(connection.clone()));
        Self { actor, server, connection, client, world }
    }

    async fn ask(&self, text: &str) -> String {
        self.client.ask(question(text)).timeout(LONG).await.unwrap().into_inner().text
    }

    /// What the nats-server has refused.
    fn refused(&self) -> Vec<String> {
        let log = self.world.server().log().unwrap();
        log.lines().filter(|line| line.contains("Violation")).map(str::to_owned).collect()
    }

    async fn nothing_is_left(&self) {
        assert_eq!(self.ask("echo next").await, "next");
        nothing_waits(&self.connection).await;
        nothing_runs(&self.server).await;
        assert_eq!(self.refused(), Vec::<String>::new());
    }
}

#[tokio::test]
async fn calls_are_answered_accepted_and_given_up() {
    let scene = Scene::new().await;
    for n in 0..50 {
        assert_eq!(scene.ask(&format!("echo {n}")).await, n.to_string());
    }
    // For so long that the instance is asked after it many times.
    let call = tokio::spawn(scene.client.ask_again(question("sleep 1500")).timeout(LONG));
    until("the caller knows", || scene.connection.stats().accepted == 1).await;
    assert_eq!(call.await.unwrap().unwrap().into_inner().text, "awake");
    assert_eq!(scene.actor.started.get(), 51);
    let call = tokio::spawn(scene.client.ask(question("hang")).timeout(LONG * 2));
    until("the caller knows", || scene.connection.stats().accepted == 1).await;
    call.abort();
    scene.actor.over.reach(52).await;
    scene.nothing_is_left().await;
}

#[tokio::test]
async fn an_unknown_method_is_unimplemented() {
    let scene = Scene::new().await;
    let unknown = Method::dynamic("e2e.v1.Probe", "NoSuch", Kind::Unary);
    let call = Call::new(unknown, Body::Unary(Default::default())).with_timeout(LONG);
    let mut channel = Channel::new(scene.connection.clone());
    let status = channel.ready().await.unwrap().call(call).await.unwrap_err();
    assert_eq!(status.code(), Code::Unimplemented, "{status}");
    scene.nothing_is_left().await;
}

#[tokio::test]
async fn instances_find_each_other_and_leave() {
    let mut scene = Scene::new().await;
    let options = Account::Server.options(scene.world.url());
    // What another one serves is seen before.
    let status = serve(&options.clone().queue_group("others"), &scene.actor).await.unwrap_err();
    assert_eq!(status.code(), Code::FailedPrecondition, "{status}");
    let second = serve(&options, &scene.actor).await.unwrap();
    let nats = Bystander::new(&scene.world).await;
    for subject in ["$SRV.PING", "$SRV.INFO.e2e_v1_Probe", "$SRV.STATS"] {
        let answer = nats.request(subject, &[], "").await;
        let answer: serde_json::Value = serde_json::from_slice(&answer.payload).unwrap();
        assert_eq!(answer["name"], "e2e_v1_Probe", "{subject}");
    }
    let leaving = std::mem::replace(&mut scene.server, second);
    let calls = (0..20).map(|_| tokio::spawn(scene.client.ask(question("sleep 100")).timeout(LONG)));
    let calls: Vec<_> = calls.collect();
    scene.actor.started.reach(20).await;
    leaving.shutdown().await;
    for call in calls {
        assert_eq!(call.await.unwrap().unwrap().into_inner().text, "awake");
    }
    scene.nothing_is_left().await;
    scene.server.shutdown().await;
    let status = scene.client.ask(question("echo x")).timeout(LONG).await.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable, "{status}");
    assert!(status.is_not_processed());
    let log = scene.world.server().log().unwrap();
    assert!(!log.contains("Violation"), "{log}");
}

/// That the log would show it.
#[tokio::test]
async fn everything_else_is_refused() {
    let scene = Scene::new().await;
    let short = Duration::from_millis(100);
    assert!(scene.client.ask_briefly(question("echo x")).timeout(short).await.is_err());
    until("it is logged", || scene.refused().iter().any(|line| line.contains("AskBriefly"))).await;
    assert_eq!(scene.actor.started.get(), 0);
}
