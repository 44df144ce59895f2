//! A `JetStream` stream that listens, too: it acknowledges every message at the reply subject, and because of it
//! NATS never says that nobody is there.

use std::time::{Duration, Instant};

use e2e::{
    Actor, Bystander, Empty, LONG, OtherClient, ProbeClient, Program, Question, World, nothing_runs,
    nothing_waits, question, until,
};
use futures_util::future::join_all;
use nats_rpc::{Channel, Code, Connection};

async fn covered() -> (World, Connection, ProbeClient) {
    let world = World::jetstream();
    let nats = Bystander::new(&world).await;
    let create = br#"{"name":"AUDIT","subjects":["svc.>"],"storage":"memory"}"#;
    let made = nats.request("$JS.API.STREAM.CREATE.AUDIT", &[], &create[..]).await;
    assert!(!String::from_utf8_lossy(&made.payload).contains("\"error\""), "{made:?}");
    let acknowledged = nats.request("svc.e2e.v1.Probe.Ask", &[], "x").await;
    assert!(acknowledged.payload.starts_with(br#"{"stream":"AUDIT""#), "{acknowledged:?}");
    let connection = world.connect().await;
    let client = ProbeClient::new(Channel::new(connection.clone()));
    (world, connection, client)
}

#[tokio::test]
async fn it_answers_no_call() {
    let (world, connection, client) = covered().await;
    let actor = Actor::new();
    let server = world.serve(actor.probe()).await;
    for n in 0..100 {
        let given = client.ask(question(format!("echo {n}"))).timeout(LONG).await.unwrap();
        assert_eq!(given.into_inner().text, n.to_string());
    }
    // These are acknowledged long before they are answered.
    let slow = (0..100).map(|n| client.ask(question(format!("sleep {}", n % 10 * 10))).timeout(LONG));
    for given in join_all(slow).await {
        assert_eq!(given.unwrap().into_inner().text, "awake");
    }
    let call = tokio::spawn(client.ask(question("hang")).timeout(LONG * 2));
    until("the caller knows", || connection.stats().accepted == 1).await;
    call.abort();
    actor.over.reach(201).await;
    nothing_runs(&server).await;
    nothing_waits(&connection).await;
}

#[tokio::test]
async fn a_call_that_nobody_serves_ends() {
    let (world, connection, client) = covered().await;
    // Nobody was ever there.
    let short = Duration::from_millis(500);
    let status = OtherClient::new(Channel::new(connection.clone())).who(Empty {}).timeout(short).await;
    assert_eq!(status.unwrap_err().code(), Code::DeadlineExceeded);
    // Somebody was, and is gone.
    let server = world.serve(Actor::new().probe()).await;
    client.ask(question("sleep 100")).timeout(LONG).await.unwrap();
    server.shutdown().await;
    let begin = Instant::now();
    let status = client.ask(question("echo x")).timeout(LONG * 2).await.unwrap_err();
    println!("a service behind a stream that has gone: UNAVAILABLE after {:?}", begin.elapsed());
    assert_eq!(status.code(), Code::Unavailable, "{status}");
    assert!(begin.elapsed() < LONG, "{:?}", begin.elapsed());
    let server = world.serve(Actor::new().probe()).await;
    assert_eq!(client.ask(question("echo back")).timeout(LONG).await.unwrap().into_inner().text, "back");
    nothing_runs(&server).await;
    nothing_waits(&connection).await;
}

#[tokio::test]
async fn an_acknowledgement_is_no_sign_of_life() {
    let (world, connection, client) = covered().await;
    let mut instance = Program::instance(&world.options()).await;
    let call = client.ask(Question { big_number: 1, ..question("hang") }).timeout(LONG * 2);
    let call = tokio::spawn(call);
    until("the caller knows", || connection.stats().accepted == 1).await;
    instance.wait_for("started 1").await;
    instance.kill();
    let begin = Instant::now();
    let status = call.await.unwrap().unwrap_err();
    println!("SIGKILL behind a stream: UNAVAILABLE after {:?}", begin.elapsed());
    assert_eq!(status.code(), Code::Unavailable, "{status}");
    assert!(begin.elapsed() < LONG / 2, "{:?}", begin.elapsed());
    nothing_waits(&connection).await;
}
