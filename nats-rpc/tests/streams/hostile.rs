//! Callers and services that do what no honest one does.

use std::time::Duration;

use bytes::BytesMut;
use futures_util::StreamExt;
use nats_rpc::codegen::Service as _;
use nats_rpc::raw::{Body, Call};
use nats_rpc::spec::method_hash;
use nats_rpc::transport::memory::{Broker, Options};
use nats_rpc::wire::{Accept, Credit, Data, Features, Frame, Kind, Open};
use nats_rpc::{Channel, Code};

use crate::service::ECHO;
use crate::{Scene, events};

/// Were it believed, the responses would go out in chunks of nothing for ever.
#[tokio::test(start_paused = true)]
async fn a_caller_that_takes_no_bytes_gets_no_endless_stream() {
    let scene = Scene::new().await;
    let caller = scene.broker.client(&Options::new()).unwrap();
    let inbox = caller.new_inbox();
    let mut answers = caller.subscribe(&inbox, None).unwrap();
    let open = Open {
        method: method_hash("test.Echo", "Repeat"),
        features: Features::STREAMS.with(Features::CHUNKS),
        max_message: 1,
        ..Open::default()
    };
    let mut frame = BytesMut::new();
    open.encode(std::iter::empty(), b"1 1000", &mut frame).unwrap();
    caller.publish("svc.test.Echo.Repeat", Some(&inbox), frame.freeze());
    for count in 0.. {
        assert!(count < 100, "there is no end");
        let next = tokio::time::timeout(Duration::from_secs(60), answers.next()).await;
        let answer = Frame::split(&next.expect("it does not hang").unwrap().payload).unwrap();
        match Kind::from_byte(answer.kind) {
            Some(Kind::Accept) => {
                let accept = Accept::decode(&answer.header).unwrap();
                let mut credit = BytesMut::new();
                Credit { handle: accept.handle, upto: u64::MAX }.encode(&mut credit);
                caller.publish(&format!("svc.test.Echo._i.{}.s", accept.instance), None, credit.freeze());
            }
            Some(Kind::Terminal) => break,
            _ => {}
        }
    }
    scene.assert_empty().await;
}

/// It asks for no ACCEPT, so none is due; it gets one, since it has to send the rest, and nobody asks after the call.
#[tokio::test(start_paused = true)]
async fn a_caller_that_opens_a_stream_and_goes_away_leaves_nothing() {
    let scene = Scene::new().await;
    let caller = scene.broker.client(&Options::new()).unwrap();
    let open = Open {
        method: method_hash("test.Echo", "Concat"),
        features: Features::STREAMS,
        accept_after_ms: Some(0),
        ..Open::default()
    };
    let mut frame = BytesMut::new();
    open.encode(std::iter::empty(), b"a", &mut frame).unwrap();
    caller.publish("svc.test.Echo.Concat", Some(&caller.new_inbox()), frame.freeze());
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert_eq!(scene.handle.stats().accepted, 1);
    scene.assert_empty().await;
}

/// Nobody has said that it could read that.
#[tokio::test(start_paused = true)]
async fn a_service_that_compresses_is_not_misunderstood() {
    let broker = Broker::seeded(1);
    let service = broker.client(&Options::new()).unwrap();
    let mut calls = service.subscribe("svc.test.Echo.Repeat", None).unwrap();
    let mut channel = Channel::new(broker.connect().await.unwrap());
    let called = tokio::spawn(async move {
        let reply = channel.call(Call::new(ECHO.method(1), Body::Unary("3 1".into()))).await?;
        events(reply).next().await.unwrap()
    });
    let reply = calls.next().await.unwrap().reply.unwrap();
    let mut frame = BytesMut::new();
    Accept { handle: 1, instance: "other", ..Accept::default() }.encode(&mut frame).unwrap();
    service.publish(&reply, None, frame.split().freeze());
    Data { encoding: 1, ..Data::default() }.encode(b"not what it seems", &mut frame).unwrap();
    service.publish(&reply, None, frame.freeze());
    assert_eq!(called.await.unwrap().unwrap_err().code(), Code::Internal);
}
