//! A server does not start where its calls would run twice.

use std::time::{Duration, Instant};

use async_nats::service::ServiceExt;
use bytes::Bytes;
use e2e::{Bystander, Count, LONG, World, answer, on_both, other, probe, question};
use futures_util::StreamExt;
use futures_util::future::join_all;
use nats_rpc::server::{Builder, Handle, Mount};
use nats_rpc::{Code, Server, Status};
use serde_json::json;

fn in_group(group: &str) -> Builder {
    Server::builder().add_service(Mount::new(probe(|_| async { Ok(answer("")) })).queue_group(group))
}

async fn start(world: &World, builder: Builder) -> Result<Handle, Status> {
    builder.start(world.connect().await).await
}

/// That it was refused because of what is named.
fn assert_refused(outcome: Result<Handle, Status>, named: &[&str]) {
    let status = outcome.map(drop).expect_err("it was started");
    assert_eq!(status.code(), Code::FailedPrecondition, "{status}");
    for part in named {
        assert!(status.message().contains(part), "{part} in {status}");
    }
}

on_both! {
    another_group_is_refused,
    members_of_one_group_are_welcome,
    a_group_that_has_left_is_no_obstacle,
    the_check_can_be_switched_off,
    the_first_server_does_not_wait,
}

async fn another_group_is_refused(world: World) {
    for (first, second) in [("q", "blue"), ("blue", "q")] {
        let running = start(&world, in_group(first)).await.unwrap();
        let named = ["svc.e2e.v1.Probe.", first, second, "e2e_v1_Probe", running.instance()];
        // A long wait ends with the first conflict.
        let begin = Instant::now();
        assert_refused(start(&world, in_group(second).startup_check(LONG * 4)).await, &named);
        assert!(begin.elapsed() < LONG, "{:?}", begin.elapsed());
        // One service at fault is enough.
        let both = in_group(second).add_service(other(|_| async { Ok(answer("")) }));
        assert_refused(start(&world, both).await, &named);
        world.client().await.ask(question("")).await.unwrap();
        running.shutdown().await;
    }
}

async fn members_of_one_group_are_welcome(world: World) {
    let _first = start(&world, in_group("blue")).await.unwrap();
    let _second = start(&world, in_group("blue")).await.unwrap();
    // Another group elsewhere is nobody's concern.
    let elsewhere = Mount::new(probe(|_| async { Ok(answer("")) })).subject("elsewhere").unwrap();
    let _third = start(&world, Server::builder().add_service(elsewhere)).await.unwrap();
}

async fn a_group_that_has_left_is_no_obstacle(world: World) {
    start(&world, in_group("blue")).await.unwrap().shutdown().await;
    let _green = start(&world, in_group("green")).await.unwrap();
}

async fn the_check_can_be_switched_off(world: World) {
    let served = Count::new();
    let mut servers = Vec::new();
    for group in ["blue", "green"] {
        let counted = served.clone();
        let service = probe(move |_| {
            counted.add();
            async { Ok(answer("")) }
        });
        let mount = Mount::new(service).queue_group(group);
        let builder = Server::builder().add_service(mount).startup_check(Duration::ZERO);
        servers.push(start(&world, builder).await.unwrap());
    }
    let client = world.client().await;
    for outcome in join_all((0..10).map(|_| client.ask(question("")))).await {
        outcome.unwrap();
    }
    // What the check is there to prevent.
    served.reach(20).await;
}

async fn the_first_server_does_not_wait(world: World) {
    let begin = Instant::now();
    let _first = start(&world, in_group("q").startup_check(LONG * 4)).await.unwrap();
    assert!(begin.elapsed() < LONG, "{:?}", begin.elapsed());
    let (begin, wait) = (Instant::now(), Duration::from_millis(400));
    let _second = start(&world, in_group("q").startup_check(wait)).await.unwrap();
    assert!(begin.elapsed() >= wait, "everybody is heard out: {:?}", begin.elapsed());
}

/// A service of async-nats' own on one of the subjects.
async fn stranger(nats: &Bystander, subject: &str, group: &str) -> impl Sized {
    let service = nats.client().service_builder().start("stranger", "1.0.0").await.unwrap();
    let endpoint = service.endpoint_builder().queue_group(group).name("it").add(subject).await.unwrap();
    // So that the server knows of it.
    nats.publish("x", "").await;
    (service, endpoint)
}

#[tokio::test]
async fn strangers_are_heard_too() {
    let world = World::nats();
    let nats = Bystander::new(&world).await;
    {
        let _stranger = stranger(&nats, "svc.e2e.v1.Probe.Nothing", "blue").await;
        let named = ["svc.e2e.v1.Probe.Nothing", r#""stranger""#, r#"Mount::queue_group("blue")"#];
        assert_refused(start(&world, in_group("q")).await, &named);
        let _same = start(&world, in_group("blue")).await.unwrap();
    }
    let world = World::nats();
    let nats = Bystander::new(&world).await;
    let _stranger = stranger(&nats, "svc.e2e.>", "blue").await;
    assert_refused(start(&world, in_group("q")).await, &[r#""stranger""#]);
}

#[tokio::test]
async fn garbage_is_no_obstacle_and_hides_nobody() {
    let world = World::nats();
    let nats = Bystander::new(&world).await;
    let mut asked = nats.client().subscribe("$SRV.INFO").await.unwrap();
    nats.publish("x", "").await;
    let truth = json!({
        "type": "io.nats.micro.v1.info_response", "name": "late",
        "endpoints": [null, 7, { "subject": 7 }, { "subject": "svc.e2e.v1.Probe.Ask", "queue_group": "" }],
    });
    let client = nats.client().clone();
    let answering = tokio::spawn(async move {
        for round in 0..2 {
            let question = asked.next().await.unwrap();
            assert!(question.payload.is_empty() && question.headers.is_none());
            let reply = question.reply.unwrap();
            let big = Bytes::from(vec![b'['; 500_000]);
            for garbage in ["", "{", "null", "[1]", r#"{"type": 1}"#, "\u{0}", r#"{"endpoints": [{}]}"#] {
                client.publish(reply.clone(), garbage.into()).await.unwrap();
            }
            client.publish(reply.clone(), big).await.unwrap();
            client.publish(reply.clone(), Bytes::from_static(&[0xff, 0xfe, 1])).await.unwrap();
            if round == 1 {
                client.publish(reply, truth.to_string().into()).await.unwrap();
            }
        }
    });
    start(&world, in_group("q")).await.unwrap().shutdown().await;
    let named = ["svc.e2e.v1.Probe.Ask", r#""late""#, "in no queue group"];
    assert_refused(start(&world, in_group("q").startup_check(LONG * 4)).await, &named);
    answering.await.unwrap();
}

/// What an instance sends to its own subjects, to leave its group faster, would be a call to others.
#[tokio::test]
async fn a_member_that_is_no_peer_gets_calls_only() {
    let world = World::nats();
    let nats = Bystander::new(&world).await;
    let service = nats.client().service_builder().start("stranger", "1.0.0").await.unwrap();
    let endpoint = service.endpoint_builder().queue_group("q").name("it");
    let mut endpoint = endpoint.add("svc.e2e.v1.Probe.Ask").await.unwrap();
    nats.publish("x", "").await;
    let got = Count::new();
    let gets = got.clone();
    let reading = tokio::spawn(async move {
        while let Some(request) = endpoint.next().await {
            assert!(request.message.reply.is_some(), "a filler: {:?}", request.message.payload);
            gets.add();
            request.respond(Ok(Bytes::new())).await.unwrap();
        }
    });
    let server = start(&world, in_group("q")).await.unwrap();
    let begin = Instant::now();
    server.shutdown().await;
    assert!(begin.elapsed() < LONG, "{:?}", begin.elapsed());
    nats.request("svc.e2e.v1.Probe.Ask", &[], "the last").await;
    assert_eq!(got.get(), 1);
    assert!(!reading.is_finished());
}
