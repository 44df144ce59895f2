//! A service of one account that another one imports, in both ways.

use std::time::{Duration, Instant};

use e2e::{
    Account, Actor, Empty, LONG, OtherClient, ProbeClient, Program, Question, ResponseType, World, answer,
    nothing_runs, nothing_waits, probe, question, two_accounts, until,
};
use futures_util::future::join_all;
use nats_rpc::details::ErrorInfo;
use nats_rpc::server::{Handle, Mount};
use nats_rpc::{Channel, Code, Connection, Metadata, Origin, Response, Status};
use nats_server::Server;

const BOTH: [ResponseType; 2] = [ResponseType::Singleton, ResponseType::Stream];

/// The two accounts, of which the server's knows how it is imported.
struct Scene {
    actor: Actor,
    server: Handle,
    connection: Connection,
    client: ProbeClient,
    world: World,
}

fn serving(world: &World, response_type: ResponseType) -> e2e::Options {
    let options = Account::Server.options(world.url());
    match response_type {
        ResponseType::Singleton => options,
        ResponseType::Stream => options.stream_imports(),
    }
}

fn a_world(response_type: ResponseType) -> World {
    World::of(Server::builder().config(two_accounts(response_type)).monitoring(true))
}

async fn connect(world: &World) -> (Connection, ProbeClient) {
    let connection = Account::Client.options(world.url()).connect().await.unwrap();
    (connection.clone(), ProbeClient::new(Channel::new(connection)))
}

impl Scene {
    async fn new(response_type: ResponseType) -> Self {
        let (world, actor) = (a_world(response_type), Actor::new());
        let options = serving(&world, response_type);
        let server = options.server(actor.probe()).unwrap();
        let server = server.start(options.connect().await.unwrap()).await.unwrap();
        let (connection, client) = connect(&world).await;
        Self { actor, server, connection, client, world }
    }

    async fn ask(&self, text: &str) -> Result<e2e::Answer, Status> {
        self.client.ask(question(text)).timeout(LONG).await.map(Response::into_inner)
    }

    async fn nothing_is_left(&self) {
        assert_eq!(self.ask("echo next").await.unwrap().text, "next");
        nothing_waits(&self.connection).await;
        nothing_runs(&self.server).await;
    }

    /// How many reply subjects the nats-server keeps for the imports.
    fn mappings(&self) -> usize {
        let account = self.world.server().monitor("/accountz?acc=SERVING").unwrap();
        let account: serde_json::Value = serde_json::from_str(&account).unwrap();
        let detail = &account["account_detail"];
        assert_eq!(detail["account_name"], "SERVING", "{account}");
        detail["responses"].as_object().map_or(0, serde_json::Map::len)
    }

    async fn no_mapping_is_left(&self) {
        until("no mapping is left", || self.mappings() == 0).await;
    }
}

#[tokio::test]
async fn errors_metadata_and_trailers_pass() {
    for response_type in BOTH {
        let world = a_world(response_type);
        let options = serving(&world, response_type);
        let probe = probe(|request| async move {
            let given = request.metadata().get("x-given").unwrap_or_default().to_owned();
            let mut trailers = Metadata::new();
            trailers.append_bin("x-trailer-bin", vec![0, 255]).unwrap();
            if request.get_ref().text == "fail" {
                let status = Status::not_found(given).with_detail(&ErrorInfo::new("GONE", "quest.example"));
                return Err(status.with_metadata(trailers));
            }
            let mut response = answer("fine");
            response.metadata_mut().append("x-head", given).unwrap();
            *response.trailers_mut() = trailers;
            Ok(response)
        });
        let server = options.server(probe).unwrap();
        let server = server.start(options.connect().await.unwrap()).await.unwrap();
        let (connection, client) = connect(&world).await;
        for _ in 0..20 {
            let ask = |text| client.ask(question(text)).metadata("x-given", "a b").timeout(LONG);
            let response = ask("").await.unwrap();
            assert_eq!(response.metadata().get("x-head"), Some("a b"), "{response_type:?}");
            assert_eq!(response.trailers().get_bin("x-trailer-bin"), Some(&[0, 255][..]));
            let status = ask("fail").await.unwrap_err();
            assert_eq!(
                (status.code(), status.origin(), status.message()),
                (Code::NotFound, Origin::Remote, "a b")
            );
            assert_eq!(status.detail::<ErrorInfo>().unwrap().reason, "GONE");
            assert_eq!(status.metadata().get_bin("x-trailer-bin"), Some(&[0, 255][..]));
        }
        nothing_waits(&connection).await;
        nothing_runs(&server).await;
    }
}

#[tokio::test]
async fn a_reply_that_needs_more_than_one_message_passes_where_more_than_one_may() {
    for response_type in BOTH {
        let scene = Scene::new(response_type).await;
        assert_eq!(scene.ask("big 1000000").await.unwrap().raw_bytes.len(), 1_000_000);
        let large = scene.ask("big 1045000").await;
        if matches!(response_type, ResponseType::Stream) {
            assert_eq!(large.unwrap().raw_bytes.len(), 1_045_000);
        } else {
            let status = large.unwrap_err();
            let told = (status.code(), status.origin());
            assert_eq!(told, (Code::ResourceExhausted, Origin::Remote), "{status}");
        }
        scene.nothing_is_left().await;
    }
}

#[tokio::test]
async fn nobody_there_is_told_at_once() {
    for response_type in BOTH {
        let scene = Scene::new(response_type).await;
        let begin = Instant::now();
        let nobody = OtherClient::new(Channel::new(scene.connection.clone()));
        let status = nobody.who(Empty {}).timeout(LONG * 2).await.unwrap_err();
        println!("nobody behind an import ({response_type:?}): UNAVAILABLE after {:?}", begin.elapsed());
        assert_eq!(status.code(), Code::Unavailable, "{status}");
        assert!(status.is_not_processed() && begin.elapsed() < LONG / 2, "{status}");
        scene.nothing_is_left().await;
    }
}

#[tokio::test]
async fn behind_a_singleton_a_slow_handler_is_not_suspect() {
    let scene = Scene::new(ResponseType::Singleton).await;
    scene.ask("echo x").await.unwrap();
    let calls = [scene.client.ask(question("sleep 2000")), scene.client.ask_again(question("sleep 2000"))];
    let mut calls = Box::pin(join_all(calls.map(|call| call.timeout(LONG))));
    loop {
        tokio::select! {
            outcomes = &mut calls => {
                outcomes.into_iter().for_each(|given| assert_eq!(given.unwrap().into_inner().text, "awake"));
                break;
            }
            () = tokio::time::sleep(Duration::from_millis(50)) => {
                assert_eq!((scene.server.stats().accepted, scene.connection.stats().accepted), (0, 0));
            }
        }
    }
    // None of them was sent twice.
    assert_eq!(scene.actor.started.get(), 3);
    scene.nothing_is_left().await;
    scene.no_mapping_is_left().await;
}

#[tokio::test]
async fn behind_a_singleton_a_dropped_call_runs_to_its_end() {
    let scene = Scene::new(ResponseType::Singleton).await;
    let call = tokio::spawn(scene.client.ask(question("sleep 1000")).timeout(LONG));
    scene.actor.started.reach(1).await;
    call.abort();
    scene.actor.over.reach(1).await;
    assert_eq!(scene.actor.ended.get(), 1);
    scene.nothing_is_left().await;
    scene.no_mapping_is_left().await;
}

#[tokio::test]
async fn behind_a_stream_a_dropped_call_is_stopped() {
    let scene = Scene::new(ResponseType::Stream).await;
    let call = tokio::spawn(scene.client.ask(question("hang")).timeout(LONG * 2));
    until("the caller knows", || scene.connection.stats().accepted == 1).await;
    assert_eq!(scene.server.stats().accepted, 1);
    call.abort();
    scene.actor.over.reach(1).await;
    // One that is dropped before it is accepted, too.
    let call = tokio::spawn(scene.client.ask(question("hang")).timeout(LONG * 2));
    scene.actor.started.reach(2).await;
    call.abort();
    scene.actor.over.reach(2).await;
    assert_eq!(scene.actor.ended.get(), 0);
    scene.nothing_is_left().await;
    scene.no_mapping_is_left().await;
}

#[tokio::test]
async fn behind_a_stream_a_killed_instance_is_noticed() {
    let scene = Scene::new(ResponseType::Stream).await;
    // At another place, so that the call can't reach the other server.
    let options = serving(&scene.world, ResponseType::Stream).prefix("svc.fragile");
    let mut instance = Program::instance(&options).await;
    let channel = Channel::new(scene.connection.clone());
    let client = ProbeClient::new(channel.with_subject("e2e.v1.Probe", "svc.fragile").unwrap());
    let call = client.ask(Question { big_number: 1, ..question("hang") }).timeout(LONG * 2);
    let call = tokio::spawn(call);
    until("the caller knows", || scene.connection.stats().accepted == 1).await;
    instance.wait_for("started 1").await;
    instance.kill();
    let begin = Instant::now();
    let status = call.await.unwrap().unwrap_err();
    println!("SIGKILL behind a stream import: UNAVAILABLE after {:?}", begin.elapsed());
    assert_eq!(status.code(), Code::Unavailable, "{status}");
    assert!(!status.is_not_processed() && begin.elapsed() < LONG / 2, "{status}");
    scene.nothing_is_left().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn behind_a_stream_many_calls_leave_no_mappings() {
    let scene = Scene::new(ResponseType::Stream).await;
    for _ in 0..100 {
        let calls = (0..100).map(|n| {
            let text = if n % 10 == 0 { "sleep 50" } else { "echo x" };
            scene.client.ask(question(text)).timeout(LONG)
        });
        join_all(calls).await.into_iter().for_each(|given| assert!(given.is_ok(), "{given:?}"));
    }
    assert!(scene.actor.started.get() >= 10_000);
    scene.nothing_is_left().await;
    scene.no_mapping_is_left().await;
}

/// That the mappings are seen where nobody ends them.
#[tokio::test]
async fn a_server_that_takes_a_stream_for_a_singleton_leaves_its_mappings() {
    let world = a_world(ResponseType::Stream);
    let options = serving(&world, ResponseType::Singleton);
    let actor = Actor::new();
    let mount = Mount::new(actor.probe());
    let server = nats_rpc::Server::builder().add_service(mount);
    let server = server.start(options.connect().await.unwrap()).await.unwrap();
    let (connection, client) = connect(&world).await;
    let scene = Scene { actor, server, connection, client, world };
    for _ in 0..20 {
        scene.ask("echo x").await.unwrap();
    }
    until("mappings are left", || scene.mappings() >= 20).await;
}
