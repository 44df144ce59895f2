//! Callers that do what no honest one does.

use std::time::Duration;

use bytes::BytesMut;
use nats_rpc::spec::method_hash;
use nats_rpc::transport::memory::Options;
use nats_rpc::wire::{Accept, Credit, Features, Frame, Kind, Open};

use crate::Scene;

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
