//! The same with a channel, a server and what is between them.

use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use nats_rpc::layer::{Retry, RetryLayer};
use nats_rpc::server::Handle;
use nats_rpc::transport::memory::Broker;
use nats_rpc::{Channel, Code, Reason, Server, Status};
use tokio::time::Instant;
use tower::{Layer, ServiceExt};

use crate::script::{Script, Step, add, patient, put, upload, with_attempt_timeout};

fn unavailable() -> Status {
    Status::unavailable("of a handler")
}

async fn channel(broker: &Broker) -> Retry<Channel> {
    RetryLayer::new().layer(Channel::bare(broker.connect().await.unwrap()))
}

async fn serve(broker: &Broker, script: &Script) -> Handle {
    let server = Server::builder().add_service(script.clone());
    server.start(broker.connect().await.unwrap()).await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_service_is_told_which_attempt_of_which_call_it_has() {
    let broker = Broker::new();
    let script = Script::failing(2, &unavailable());
    let server = serve(&broker, &script).await;
    channel(&broker).await.oneshot(put()).await.unwrap();
    let seen = script.seen();
    assert_eq!(seen.iter().map(|seen| seen.attempt).collect::<Vec<_>>(), [0, 1, 2]);
    assert!(seen[0].call_id.is_some() && seen.iter().all(|other| other.call_id == seen[0].call_id));
    server.shutdown().await;
}

/// A channel repeats them twice by itself.
#[tokio::test(start_paused = true)]
async fn calls_that_no_handler_has_seen_are_repeated_whatever_they_do() {
    let broker = Broker::new();
    let script = Script::failing(8, &Status::unavailable("leaving").with_not_processed());
    let server = serve(&broker, &script).await;
    channel(&broker).await.oneshot(add().with_timeout(Duration::from_secs(60))).await.unwrap();
    assert_eq!(script.count(), 9);
    assert!(script.seen().iter().all(|seen| seen.attempt == 0));
    server.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_takes_too_long_is_followed_by_another() {
    let broker = Broker::new();
    let script = Script::new([Step::Hang, Step::Answer]);
    let server = serve(&broker, &script).await;
    let channel = channel(&broker).await;
    let begun = Instant::now();
    let call = with_attempt_timeout(put().with_timeout(Duration::from_secs(10)), Duration::from_secs(2));
    channel.oneshot(call).await.unwrap();
    assert_eq!((script.count(), script.seen()[1].attempt), (2, 1));
    assert!(begun.elapsed() >= Duration::from_secs(2) && begun.elapsed() < Duration::from_secs(3));
    server.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn a_stream_of_requests_is_sent_again() {
    let broker = Broker::new();
    let failing = Step::FailAfter(30, unavailable());
    let script = Script::new([failing.clone(), failing, Step::Answer]);
    let server = serve(&broker, &script).await;
    let messages: Vec<Bytes> = (0..60_u8).map(|number| vec![number; 1000].into()).collect();
    let requests = stream::iter(messages.clone().into_iter().map(Ok));
    channel(&broker).await.oneshot(upload(Box::pin(requests))).await.unwrap();
    let requests: Vec<_> = script.seen().into_iter().map(|seen| seen.requests).collect();
    assert_eq!(requests, [&messages[..30], &messages[..30], &messages[..]]);
    server.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn a_call_can_wait_for_a_service_to_start() {
    let broker = Broker::new();
    let channel = channel(&broker).await;
    let failure = channel.clone().oneshot(add()).await.unwrap_err();
    assert_eq!((failure.code(), failure.reason()), (Code::Unavailable, Some(Reason::NoResponders)));

    let waiting = tokio::spawn(channel.oneshot(patient(add()).with_timeout(Duration::from_secs(60))));
    tokio::time::sleep(Duration::from_secs(20)).await;
    assert!(!waiting.is_finished());
    let script = Script::new([Step::Answer]);
    let server = serve(&broker, &script).await;
    waiting.await.unwrap().unwrap();
    assert_eq!(script.seen()[0].attempt, 0);
    server.shutdown().await;
}
