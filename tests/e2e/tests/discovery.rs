//! What a server says of itself to any tool that speaks ADR-32.

use std::time::Duration;

use async_nats::{StatusCode, Subscriber};
use bytes::Bytes;
use e2e::{Bystander, Empty, OtherClient, ProbeClient, World, answer, other, probe, question};
use futures_util::{FutureExt, StreamExt};
use nats_rpc::server::{Handle, Mount};
use nats_rpc::{Channel, Connection, Server, Status};
use serde_json::{Value, json};

/// Publishes with a reply subject of its own.
async fn ask(nats: &Bystander, subject: &str, payload: &'static str) -> Subscriber {
    let inbox = nats.client().new_inbox();
    let answers = nats.client().subscribe(inbox.clone()).await.unwrap();
    nats.client().publish_with_reply(subject.to_owned(), inbox, payload.into()).await.unwrap();
    answers
}

/// All answers, which have to be so many.
async fn answers(nats: &Bystander, subject: &str, count: usize) -> Vec<Value> {
    let mut first = ask(nats, subject, "").await;
    // Whoever answers this has answered the first in full before.
    let second = ask(nats, subject, "whatever it is").await;
    let others = tokio::time::timeout(e2e::LONG, second.take(count).collect::<Vec<_>>()).await.unwrap();
    assert_eq!(others.len(), count);
    let mut answers = Vec::new();
    while let Some(Some(message)) = first.next().now_or_never() {
        assert_eq!(message.headers, None);
        answers.push(serde_json::from_slice::<Value>(&message.payload).unwrap());
    }
    assert_eq!(answers.len(), count, "{subject}: {answers:?}");
    answers.sort_by_key(|answer| (answer["name"].to_string(), answer["id"].to_string()));
    answers
}

async fn answer_of(nats: &Bystander, subject: &str) -> Value {
    answers(nats, subject, 1).await.remove(0)
}

/// Whether anybody listens at all.
async fn is_anybody_at(nats: &Bystander, subject: &str) -> bool {
    nats.request(subject, &[], "").await.status != Some(StatusCode::NO_RESPONDERS)
}

/// Whether a text is a moment in UTC, as RFC 3339 writes it.
fn is_moment(text: &str) -> bool {
    let form = "0000-00-00T00:00:00.000Z";
    let digits = |text: &str| text.replace(|letter: char| letter.is_ascii_digit(), "0");
    digits(text) == form && text > "2025"
}

fn a_probe() -> Mount {
    Mount::new(probe(|_| async { Ok(answer("")) })).version("1.2.3").unwrap().description("for tests")
}

fn an_other() -> Mount {
    Mount::new(other(|_| async { Ok(answer("")) })).queue_group("crew")
}

async fn serve(world: &World, mounts: impl IntoIterator<Item = Mount>) -> Handle {
    let builder = mounts.into_iter().fold(Server::builder(), nats_rpc::server::Builder::add_service);
    builder.start(world.connect().await).await.unwrap()
}

fn identity(verb: &str, name: &str, version: &str, id: &str) -> Value {
    json!({
        "type": format!("io.nats.micro.v1.{verb}_response"), "name": name, "id": id, "version": version,
        "metadata": {
            "nats-rpc.version": env!("CARGO_PKG_VERSION"),
            "nats-rpc.subject": format!("svc.{}", name.replace('_', ".")),
        },
    })
}

/// `whole` with more fields.
fn with(mut whole: Value, more: Value) -> Value {
    let Value::Object(more) = more else { panic!("no object") };
    whole.as_object_mut().unwrap().extend(more);
    whole
}

/// Those of `Probe`, in their order.
const METHODS: [&str; 4] = ["Ask", "AskBriefly", "AskAgain", "Nothing"];

#[tokio::test]
async fn every_service_answers_at_three_levels() {
    let world = World::nats();
    let server = serve(&world, [a_probe(), an_other()]).await;
    let (nats, id) = (Bystander::new(&world).await, server.instance());
    assert!(id.len() == 22 && id.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{id}");

    let info = |name: &str| {
        json!({
            "name": name, "subject": format!("svc.e2e.v1.Probe.{name}"), "queue_group": "q",
            "metadata": { "rpc.method": format!("/e2e.v1.Probe/{name}"), "rpc.kind": "unary" },
        })
    };
    let stats = |subject: &str, group: &str| {
        json!({
            "name": subject.rsplit('.').next(), "subject": subject, "queue_group": group, "num_requests": 0,
            "num_errors": 0, "last_error": "", "processing_time": 0, "average_processing_time": 0,
        })
    };
    let of_methods = METHODS.map(|name| stats(&format!("svc.e2e.v1.Probe.{name}"), "q"));
    let more = [
        ("ping", json!({}), json!({})),
        (
            "info",
            json!({ "description": "", "endpoints": [{
                "name": "Who", "subject": "svc.e2e.v1.Other.Who", "queue_group": "crew",
                "metadata": { "rpc.method": "/e2e.v1.Other/Who", "rpc.kind": "unary" },
            }] }),
            json!({ "description": "for tests", "endpoints": METHODS.map(info) }),
        ),
        (
            "stats",
            json!({ "endpoints": [stats("svc.e2e.v1.Other.Who", "crew")] }),
            json!({ "endpoints": of_methods }),
        ),
    ];
    for (verb, of_other, of_probe) in more {
        let mut of_other = with(identity(verb, "e2e_v1_Other", "0.1.0", id), of_other);
        let mut of_probe = with(identity(verb, "e2e_v1_Probe", "1.2.3", id), of_probe);
        let all = format!("$SRV.{}", verb.to_uppercase());
        let given = answers(&nats, &all, 2).await;
        if verb == "stats" {
            let started = given[0]["started"].clone();
            assert!(is_moment(started.as_str().unwrap()), "{started}");
            of_other = with(of_other, json!({ "started": started }));
            of_probe = with(of_probe, json!({ "started": started }));
        }
        assert_eq!(given, [of_other, of_probe.clone()]);
        for subject in [format!("{all}.e2e_v1_Probe"), format!("{all}.e2e_v1_Probe.{id}")] {
            assert_eq!(answer_of(&nats, &subject).await, of_probe, "{subject}");
        }
    }
    for nobody in ["$SRV.PING.e2e_v1_Nobody", "$SRV.PING.e2e_v1_Probe.nobody", "$SRV.SCHEMA"] {
        assert!(!is_anybody_at(&nats, nobody).await, "{nobody}");
    }
}

#[tokio::test]
async fn one_service_at_two_places_answers_for_each() {
    let world = World::nats();
    let places = ["blue", "green"].map(|place| a_probe().subject(place).unwrap());
    let server = serve(&world, places).await;
    let nats = Bystander::new(&world).await;
    for subject in ["$SRV.INFO", "$SRV.INFO.e2e_v1_Probe"] {
        let mut found: Vec<_> = answers(&nats, subject, 2)
            .await
            .iter()
            .map(|info| (info["id"].to_string(), info["endpoints"][0]["subject"].to_string()))
            .collect();
        found.sort();
        let id = format!("{:?}", server.instance());
        assert_eq!(found, [(id.clone(), r#""blue.Ask""#.to_owned()), (id, r#""green.Ask""#.to_owned())]);
    }
}

#[tokio::test]
async fn calls_and_errors_are_counted_per_method() {
    let world = World::nats();
    let nap = Duration::from_millis(20);
    let (client, _server) = world
        .start(move |request| async move {
            match &*request.get_ref().text {
                "fail" => Err(Status::not_found("no such thing")),
                "panic" => panic!("as asked"),
                "sleep" => {
                    tokio::time::sleep(nap).await;
                    Ok(answer(""))
                }
                "fail late" => {
                    tokio::task::yield_now().await;
                    Err(Status::aborted("too late"))
                }
                _ => Ok(answer("")),
            }
        })
        .await;
    let nats = Bystander::new(&world).await;
    let counts = async || {
        let stats = answer_of(&nats, "$SRV.STATS").await;
        let endpoints = stats["endpoints"].as_array().unwrap().clone();
        endpoints
            .into_iter()
            .map(|one| {
                let number = |field: &str| one[field].as_u64().unwrap();
                assert_eq!(
                    number("average_processing_time"),
                    number("processing_time").checked_div(number("num_requests")).unwrap_or(0)
                );
                (
                    number("num_requests"),
                    number("num_errors"),
                    one["last_error"].as_str().unwrap().to_owned(),
                    number("processing_time"),
                )
            })
            .collect::<Vec<_>>()
    };
    for text in ["", "", "fail"] {
        let _ = client.ask(question(text)).await;
    }
    let now = counts().await;
    assert_eq!((now[0].0, now[0].1, &*now[0].2), (3, 1, "NOT_FOUND: no such thing"));
    assert!(now[0].3 > 0);
    assert_eq!(now[1..], vec![(0, 0, String::new(), 0); METHODS.len() - 1]);

    for text in ["fail late", "sleep"] {
        let _ = client.ask_briefly(question(text)).await;
    }
    let now = counts().await;
    assert_eq!((now[1].0, now[1].1, &*now[1].2), (2, 1, "ABORTED: too late"));
    assert!(u128::from(now[1].3) >= nap.as_nanos(), "{now:?}");
    client.ask(question("panic")).await.unwrap_err();
    let now = counts().await;
    assert_eq!((now[0].0, now[0].1, &*now[0].2), (4, 2, "UNKNOWN: the handler panicked"));
}

#[tokio::test]
async fn each_instance_answers_for_itself() {
    let world = World::nats();
    let servers = [serve(&world, [a_probe()]).await, serve(&world, [a_probe()]).await];
    let nats = Bystander::new(&world).await;
    let mut ids = [servers[0].instance(), servers[1].instance()];
    ids.sort_unstable();
    for subject in ["$SRV.PING", "$SRV.INFO.e2e_v1_Probe"] {
        let given = answers(&nats, subject, 2).await;
        assert_eq!([&given[0]["id"], &given[1]["id"]], ids, "{subject}");
    }
    for id in ids {
        assert_eq!(answer_of(&nats, &format!("$SRV.PING.e2e_v1_Probe.{id}")).await["id"], id);
    }
}

#[tokio::test]
async fn a_server_that_is_gone_is_not_found() {
    let world = World::nats();
    let connection = world.connect().await;
    let start = || Server::builder().add_service(a_probe()).start(connection.clone());
    let nats = Bystander::new(&world).await;
    let mut ids = Vec::new();
    for _ in 0..2 {
        let server = start().await.unwrap();
        let ping = answer_of(&nats, "$SRV.PING").await;
        assert_eq!(ping["id"], server.instance());
        ids.push(ping["id"].clone());
        server.shutdown().await;
        assert!(!is_anybody_at(&nats, "$SRV.PING").await, "though its connection lives on");
    }
    assert_ne!(ids[0], ids[1]);
}

#[tokio::test]
async fn an_outage_changes_neither_id_nor_counts() {
    let mut world = World::nats();
    let (client, server) = world.start(|_| async { Ok(answer("")) }).await;
    client.ask(question("")).await.unwrap();
    let nats = Bystander::new(&world).await;
    let before = answer_of(&nats, "$SRV.STATS").await;
    world.cut();
    world.restore();
    let nats = Bystander::new(&world).await;
    while !is_anybody_at(&nats, "$SRV.STATS").await {
        tokio::task::yield_now().await;
    }
    assert_eq!(answer_of(&nats, "$SRV.STATS").await, before);
    assert_eq!(before["id"], server.instance());
    assert_eq!(before["endpoints"][0]["num_requests"], 1);
}

#[tokio::test]
async fn what_is_no_question_harms_nothing() {
    let world = World::nats();
    let _server = serve(&world, [a_probe()]).await;
    let nats = Bystander::new(&world).await;
    for verb in ["$SRV.PING", "$SRV.INFO", "$SRV.STATS"] {
        nats.publish(verb, "to nobody").await;
        // Were the answers questions, this would never end.
        nats.client().publish_with_reply(verb, verb, Bytes::new()).await.unwrap();
        answer_of(&nats, verb).await;
        answer_of(&nats, verb).await;
    }
}

#[tokio::test]
async fn a_server_that_may_not_be_discovered_serves_all_the_same() {
    let permissions = r#"authorization { users = [
        { user: ada, password: x, permissions: { publish: ["_INBOX.>", "svc.>"], subscribe: ["_INBOX.>", "svc.>"] } }
        { user: bob, password: x }
    ] }"#;
    let nats_server = nats_server::Server::builder().config(permissions).start().unwrap();
    let bob = async_nats::ConnectOptions::with_user_and_password("bob".into(), "x".into());
    let ada = Connection::builder().server(nats_server.url().replace("://", "://ada:x@"));
    let connection = ada.connect().await.unwrap();
    let builder = Server::builder().add_service(a_probe()).add_service(an_other());
    let _server = builder.start(connection.clone()).await.unwrap();
    let nats = bob.connect(nats_server.url()).await.unwrap();
    let found = nats.request("$SRV.PING", Bytes::new()).await;
    assert_eq!(found.unwrap_err().kind(), async_nats::RequestErrorKind::NoResponders);
    let channel = Channel::new(connection);
    ProbeClient::new(channel.clone()).ask(question("")).await.unwrap();
    OtherClient::new(channel).who(Empty {}).await.unwrap();
}

#[test]
fn a_version_has_three_numbers() {
    for bad in ["", "1", "1.2", "v1.2.3", "1.2.3.4", "01.2.3", "1.2.x"] {
        let status = a_probe().version(bad).unwrap_err();
        assert_eq!(status.code(), nats_rpc::Code::InvalidArgument);
        assert!(status.message().contains(bad) && status.message().contains("e2e.v1.Probe"), "{status}");
    }
    let _ = a_probe().version("1.2.3-rc.1+build.5").unwrap();
}
