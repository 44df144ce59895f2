//! Frames that do not come.

use std::time::Duration;

use bytes::BytesMut;
use futures_util::StreamExt;
use nats_rpc::codegen::Service as _;
use nats_rpc::raw::{Body, Call};
use nats_rpc::transport::memory::{Broker, Faults, Options};
use nats_rpc::wire::Head;
use nats_rpc::{Channel, Code, Reason};

use crate::service::ECHO;
use crate::{Scene, events};

/// Without the ACCEPT a client knows nobody to give credit to and to ask after the call.
#[tokio::test(start_paused = true)]
async fn a_stream_whose_accept_is_lost_ends() {
    let broker = Broker::seeded(1);
    let server = broker.client(&Options::new()).unwrap();
    let mut calls = server.subscribe("svc.test.Echo.Repeat", Some("q")).unwrap();
    let connection = broker.connect().await.unwrap();
    let mut channel = Channel::new(connection.clone());
    let call = tokio::spawn(async move {
        let reply = channel.call(Call::new(ECHO.method(1), Body::Unary("3 1".into()))).await?;
        match events(reply).next().await {
            Some(outcome) => outcome.map(drop),
            None => Ok(()),
        }
    });
    let open = calls.next().await.unwrap();
    let mut head = BytesMut::new();
    Head::default().encode(std::iter::empty(), &mut head).unwrap();
    server.publish(&open.reply.unwrap(), None, head.freeze());
    let called = tokio::time::timeout(Duration::from_secs(60), call).await;
    let failed = called.expect("it does not hang").unwrap().unwrap_err();
    assert_eq!((failed.code(), failed.reason()), (Code::Unavailable, Some(Reason::FrameLost)));
    tokio::time::sleep(Duration::from_secs(20)).await;
    let stats = connection.stats();
    assert_eq!((stats.waiting, stats.streams), (0, 0));
}

/// What a service can do may not have come through when its first stream is opened.
#[tokio::test(start_paused = true)]
async fn a_stream_that_is_lost_with_the_first_question_ends() {
    let scene = Scene::new().await;
    scene.broker.add_faults(Faults::new().on("svc.>").lose(1.0));
    let called = async {
        tokio::time::timeout(Duration::from_secs(60), scene.call(1, Body::Unary("3 1".into()))).await
    };
    let healed = async {
        tokio::time::sleep(Duration::from_secs(3)).await;
        scene.broker.clear_faults();
    };
    let (called, ()) = tokio::join!(called, healed);
    assert_eq!(called.expect("it does not hang").map(drop).unwrap_err().code(), Code::Unavailable);
    scene.assert_empty().await;
}
