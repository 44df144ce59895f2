//! Messages to a call's reply subject that are no answers.

use std::sync::Arc;
use std::time::Duration;

use async_nats::{HeaderMap, Subscriber};
use bytes::{Bytes, BytesMut};
use e2e::{Answer, Bystander, Count, LONG, ProbeClient, World, answer, question};
use futures_util::StreamExt;
use nats_rpc::server::Handle;
use nats_rpc::{Code, Origin, wire};
use prost::Message;
use tokio::sync::Semaphore;

const ASK: &str = "svc.e2e.v1.Probe.Ask";

/// A service that waits for a permit before it answers, or for ever, a client, and somebody who listens in.
struct Scene {
    gate: Arc<Semaphore>,
    tap: Subscriber,
    nats: Bystander,
    client: ProbeClient,
    _server: Handle,
    _world: World,
}

impl Scene {
    async fn new() -> Self {
        let world = World::nats();
        let gate = Arc::new(Semaphore::new(0));
        let handler_gate = Arc::clone(&gate);
        let (client, server) = world
            .start(move |request| {
                let gate = Arc::clone(&handler_gate);
                async move {
                    if request.get_ref().text == "early" {
                        std::future::pending::<()>().await;
                    }
                    gate.acquire().await.unwrap().forget();
                    Ok(answer(request.into_inner().text))
                }
            })
            .await;
        let nats = Bystander::new(&world).await;
        let tap = nats.client().subscribe(ASK).await.unwrap();
        // So that the subscription is there before the first call.
        nats.publish("x", "").await;
        Self { gate, tap, nats, client, _server: server, _world: world }
    }

    /// The reply subject of the next call.
    async fn reply_subject(&mut self) -> String {
        let message = tokio::time::timeout(LONG, self.tap.next()).await.unwrap().unwrap();
        message.reply.unwrap().into_string()
    }
}

fn terminal(text: &str) -> Bytes {
    let mut frame = BytesMut::new();
    let body = Answer { text: text.into(), ..Answer::default() }.encode_to_vec();
    let none = std::iter::empty;
    wire::Terminal::default().encode(none(), none(), none(), &body, &mut frame).unwrap();
    frame.freeze()
}

fn noise() -> impl Iterator<Item = Bytes> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    (0..200).map(move |n| {
        let bytes: Vec<u8> = (0..n % 40 + 1)
            .map(|_| {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                state.to_be_bytes()[0]
            })
            .collect();
        // A frame of our version that is broken ends the call: that is another test.
        Bytes::from(if bytes[0] == wire::VERSION { vec![2] } else { bytes })
    })
}

#[tokio::test]
async fn what_is_no_answer_is_ignored() {
    let mut scene = Scene::new().await;
    let mut messages: Vec<Bytes> = noise().collect();
    messages.push(Bytes::from_static(br#"{"stream":"AUDIT","seq":1}"#));
    messages.push(Bytes::new());
    // Frames that have no place here, and one of a kind that may be ignored.
    messages.push(Bytes::from_static(&wire::NOOP));
    messages.push(Bytes::from_static(&[1, 0x9f, 0]));
    messages.push(Bytes::from_static(&[1, wire::Kind::Open as u8, 0]));
    for message in messages {
        let call = tokio::spawn(scene.client.ask(question("true")).timeout(LONG));
        let reply = scene.reply_subject().await;
        scene.nats.publish(reply, message.clone()).await;
        scene.gate.add_permits(1);
        let given = call.await.unwrap();
        assert_eq!(given.map(|given| given.into_inner().text).as_deref().ok(), Some("true"), "{message:?}");
    }
}

#[tokio::test]
async fn headers_alone_are_no_answer() {
    let mut scene = Scene::new().await;
    let call = tokio::spawn(scene.client.ask(question("true")).timeout(LONG));
    let reply = scene.reply_subject().await;
    let mut headers = HeaderMap::new();
    headers.insert("X-Key", "value");
    scene.nats.client().publish_with_headers(reply.clone(), headers, "".into()).await.unwrap();
    scene.nats.publish(reply, "x").await;
    scene.gate.add_permits(1);
    assert_eq!(call.await.unwrap().unwrap().into_inner().text, "true");
}

#[tokio::test]
async fn a_broken_frame_ends_the_call() {
    let mut scene = Scene::new().await;
    let whole = terminal("x");
    for frame in [&[1][..], &[1, 0x0a], &[1, 0x0a, 0x80], &whole[..2], &[1, 0x0a, 1, 0xff], &[1, 0x3f, 0]] {
        let call = tokio::spawn(scene.client.ask(question("true")).timeout(LONG / 3));
        let reply = scene.reply_subject().await;
        scene.nats.publish(reply, frame.to_vec()).await;
        let status = call.await.unwrap().unwrap_err();
        scene.gate.add_permits(1);
        assert_eq!(status.code(), Code::Internal, "{frame:?}: {status}");
    }
    scene.gate.add_permits(1);
    assert_eq!(scene.client.ask(question("next")).await.unwrap().into_inner().text, "next");
}

#[tokio::test]
async fn an_error_of_another_kind_of_service_is_understood() {
    let mut scene = Scene::new().await;
    for (headers, code, text) in [
        (
            &[("Nats-Service-Error", "not%0Athere"), ("Nats-Service-Error-Code", "404")][..],
            Code::NotFound,
            "not\nthere",
        ),
        (&[("Nats-Service-Error-Code", "7"), ("Nats-Service-Error", "no")], Code::PermissionDenied, "no"),
        (&[("Nats-Service-Error-Code", "oops"), ("Nats-Service-Error", "no")], Code::Unknown, "no"),
        (&[("Nats-Service-Error-Code", "503")], Code::Unavailable, ""),
        (&[("Nats-Service-Error", "no code")], Code::Unknown, "no code"),
    ] {
        let call = tokio::spawn(scene.client.ask(question("")).timeout(LONG / 3));
        let reply = scene.reply_subject().await;
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, *value);
        }
        scene.nats.client().publish_with_headers(reply, map, "ignored".into()).await.unwrap();
        let status = call.await.unwrap().unwrap_err();
        scene.gate.add_permits(1);
        assert_eq!((status.code(), status.origin()), (code, Origin::Remote), "{headers:?}: {status}");
        assert_eq!(status.message(), text);
    }
}

#[tokio::test]
async fn a_late_answer_does_not_reach_the_next_call() {
    let mut scene = Scene::new().await;
    for _ in 0..20 {
        let early = scene.client.ask(question("early")).timeout(Duration::from_millis(20)).await;
        assert_eq!(early.unwrap_err().code(), Code::DeadlineExceeded);
        let expired = scene.reply_subject().await;
        let call = tokio::spawn(scene.client.ask(question("true")).timeout(LONG));
        let waiting = scene.reply_subject().await;
        assert_ne!(expired, waiting);
        scene.nats.publish(expired, terminal("late")).await;
        scene.gate.add_permits(1);
        assert_eq!(call.await.unwrap().unwrap().into_inner().text, "true");
    }
}

#[tokio::test]
async fn the_first_answer_counts() {
    let mut scene = Scene::new().await;
    let call = tokio::spawn(scene.client.ask(question("second")).timeout(LONG));
    let reply = scene.reply_subject().await;
    scene.nats.publish(reply, terminal("first")).await;
    scene.gate.add_permits(1);
    assert_eq!(call.await.unwrap().unwrap().into_inner().text, "first");
    scene.gate.add_permits(1);
    assert_eq!(scene.client.ask(question("next")).await.unwrap().into_inner().text, "next");
}

#[tokio::test]
async fn somebody_who_listens_in_harms_nobody() {
    let handled = Count::new();
    let counted = handled.clone();
    let world = World::nats();
    let (client, _server) = world
        .start(move |_| {
            counted.add();
            async { Ok(answer("here")) }
        })
        .await;
    let nats = Bystander::new(&world).await;
    let _tap = nats.client().subscribe(">").await.unwrap();
    nats.publish("x", "").await;
    for _ in 0..100 {
        assert_eq!(client.ask(question("")).await.unwrap().into_inner().text, "here");
    }
    assert_eq!(handled.get(), 100);
}
