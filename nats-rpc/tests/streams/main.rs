//! Streams and large messages over the broker within the process, without types.

mod audit_rate;
mod hostile;
mod limits;
mod lost;
mod service;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use nats_rpc::call::{Event, EventStream, MessageStream};
use nats_rpc::codegen::Service;
use nats_rpc::raw::{Body, Call, Reply, ReplyBody};
use nats_rpc::server::Handle;
use nats_rpc::transport::memory::{Broker, Options};
use nats_rpc::{Channel, Connection, Server, Status};

use crate::service::{ECHO, Echo};

struct Scene {
    broker: Broker,
    channel: Channel,
    client: Connection,
    server: Connection,
    handle: Handle,
    echo: Echo,
}

impl Scene {
    async fn new() -> Self {
        Self::with(Options::new()).await
    }

    async fn with(options: Options) -> Self {
        let broker = Broker::seeded(1);
        let server = broker.connect_with(options.clone().name("server")).await.unwrap();
        let client = broker.connect_with(options.name("client")).await.unwrap();
        let echo = Echo::default();
        let handle = Server::builder().add_service(echo.clone()).start(server.clone()).await.unwrap();
        Self { broker, channel: Channel::new(client.clone()), client, server, handle, echo }
    }

    async fn call(&self, index: usize, body: Body) -> Result<Reply, Status> {
        self.channel.clone().call(Call::new(ECHO.method(index), body)).await
    }

    /// Nothing is left of any call.
    async fn assert_empty(&self) {
        for _ in 0..2_000 {
            tokio::time::sleep(Duration::from_millis(10)).await;
            if self.left().is_empty() {
                return;
            }
        }
        panic!("left: {}", self.left());
    }

    fn left(&self) -> String {
        let mut left = String::new();
        for (name, connection) in [("client", &self.client), ("server", &self.server)] {
            let stats = connection.stats();
            if (stats.waiting, stats.accepted, stats.streams) != (0, 0, 0) {
                left += &format!("{name} {stats:?} ");
            }
        }
        let stats = self.handle.stats();
        if (stats.running, stats.accepted) != (0, 0) {
            left += &format!("{stats:?} ");
        }
        match self.echo.alive.load(Ordering::SeqCst) {
            0 => left,
            alive => format!("{left}{alive} handlers"),
        }
    }
}

fn message(reply: Reply) -> Bytes {
    match reply.into_parts().1 {
        ReplyBody::Unary { message, .. } => message,
        ReplyBody::Stream(_) => panic!("a stream"),
    }
}

fn events(reply: Reply) -> EventStream {
    match reply.into_parts().1 {
        ReplyBody::Stream(events) => events,
        ReplyBody::Unary { .. } => panic!("a message"),
    }
}

fn requests(messages: Vec<Bytes>) -> Body {
    let messages: MessageStream = Box::pin(stream::iter(messages.into_iter().map(Ok)));
    Body::Stream(messages)
}

#[tokio::test(start_paused = true)]
async fn every_kind_works() {
    let scene = Scene::new().await;
    assert_eq!(message(scene.call(0, Body::Unary("a".into())).await.unwrap()), "a");
    let mut repeated = events(scene.call(1, Body::Unary("3 1".into())).await.unwrap());
    for _ in 0..3 {
        assert!(matches!(repeated.next().await, Some(Ok(Event::Message(_)))));
    }
    assert!(matches!(repeated.next().await, Some(Ok(Event::Trailers(_)))));
    assert!(repeated.next().await.is_none());
    let parts = requests(vec!["a".into(), "".into(), "bc".into()]);
    assert_eq!(message(scene.call(2, parts).await.unwrap()), "abc");
    let mut chat = events(scene.call(3, requests(vec!["a".into(), "".into()])).await.unwrap());
    assert_eq!(chat.next().await.unwrap().unwrap(), Event::Message("a".into()));
    assert_eq!(chat.next().await.unwrap().unwrap(), Event::Message("".into()));
    assert!(matches!(chat.next().await, Some(Ok(Event::Trailers(_)))));
    scene.assert_empty().await;
}

#[tokio::test(start_paused = true)]
async fn many_messages_pass_a_window_in_order() {
    for (count, length) in [(100_000, 5), (3_000, 1_000), (100, 50_000), (5, 3_000_000)] {
        let scene = Scene::new().await;
        let order = format!("{count} {length}");
        let mut repeated = events(scene.call(1, Body::Unary(order.into())).await.unwrap());
        for n in 0..count as u32 {
            match repeated.next().await {
                Some(Ok(Event::Message(message))) => {
                    assert_eq!(message.len(), length);
                    assert_eq!(message[..4], n.to_be_bytes());
                }
                other => panic!("{n}: {other:?}"),
            }
        }
        assert!(matches!(repeated.next().await, Some(Ok(Event::Trailers(_)))));
        scene.assert_empty().await;
    }
}

#[tokio::test(start_paused = true)]
async fn large_messages_go_both_ways_in_unary_calls() {
    for size in [900_000, 1_048_576, 1_100_000, 4 * 1024 * 1024] {
        let scene = Scene::new().await;
        let large = Bytes::from(vec![7; size]);
        assert_eq!(message(scene.call(0, Body::Unary(large.clone())).await.unwrap()), large);
        scene.assert_empty().await;
    }
}

#[tokio::test(start_paused = true)]
async fn large_and_small_requests_are_put_together() {
    let scene = Scene::with(Options::new().frame_limit(32 * 1024)).await;
    let parts: Vec<Bytes> =
        [1, 20_000, 0, 300_000, 5, 1_000_000].iter().map(|len| Bytes::from(vec![1; *len])).collect();
    let all: usize = parts.iter().map(Bytes::len).sum();
    assert_eq!(message(scene.call(2, requests(parts)).await.unwrap()).len(), all);
    scene.assert_empty().await;
}

/// What a large message is allowed does not say how large the window is in which the next ones have to go.
#[tokio::test(start_paused = true)]
async fn a_smaller_request_follows_a_large_one() {
    let scene = Scene::new().await;
    let parts: Vec<Bytes> = [1_000_000, 200_000, 1].iter().map(|len| Bytes::from(vec![1; *len])).collect();
    let called = tokio::time::timeout(Duration::from_secs(60), scene.call(2, requests(parts))).await;
    assert_eq!(message(called.expect("it does not hang").unwrap()).len(), 1_200_001);
    scene.assert_empty().await;
}

#[tokio::test(start_paused = true)]
async fn dropping_the_responses_stops_the_handler() {
    let scene = Scene::new().await;
    let mut repeated = events(scene.call(1, Body::Unary("1000000 1000".into())).await.unwrap());
    assert!(repeated.next().await.is_some());
    drop(repeated);
    scene.assert_empty().await;
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_stands_still_stops_the_writer() {
    let scene = Scene::new().await;
    let made = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let counted = Arc::clone(&made);
    let endless: MessageStream = Box::pin(stream::repeat_with(move || {
        counted.fetch_add(1000, Ordering::SeqCst);
        Ok(Bytes::from_static(&[0; 1000]))
    }));
    let chat = events(scene.call(3, Body::Stream(endless)).await.unwrap());
    tokio::time::sleep(Duration::from_secs(60)).await;
    let stalled = made.load(Ordering::SeqCst);
    assert!(stalled < 400_000, "{stalled}");
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(made.load(Ordering::SeqCst), stalled);
    // Nobody else notices.
    assert_eq!(message(scene.call(0, Body::Unary("a".into())).await.unwrap()), "a");
    drop(chat);
    scene.assert_empty().await;
}

/// What is allowed for one message lets the next one begin, which must not be allowed before the first is read.
#[tokio::test(start_paused = true)]
async fn a_reader_that_stands_still_stops_the_writer_of_large_messages() {
    for length in [20_000, 100_000, 1_000_000] {
        let scene = Scene::new().await;
        let made = Arc::new(std::sync::atomic::AtomicUsize::new(0));
        let counted = Arc::clone(&made);
        let large = Bytes::from(vec![0; length]);
        let endless: MessageStream = Box::pin(stream::repeat_with(move || {
            counted.fetch_add(large.len(), Ordering::SeqCst);
            Ok(large.clone())
        }));
        let mut chat = events(scene.call(3, Body::Stream(endless)).await.unwrap());
        // So that the windows grow.
        for _ in 0..100 {
            assert!(matches!(chat.next().await, Some(Ok(Event::Message(_)))));
        }
        let read = 100 * length;
        tokio::time::sleep(Duration::from_secs(60)).await;
        let stalled = made.load(Ordering::SeqCst) - read;
        // The windows, two messages each way, and what the echo holds.
        let windows = 512 * 1024 + 1024 * 1024;
        assert!(stalled < windows + 2 * 3 * length, "{stalled} bytes of messages of {length}");
        for _ in 0..100 {
            assert!(matches!(chat.next().await, Some(Ok(Event::Message(_)))));
        }
        drop(chat);
        scene.assert_empty().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_can_be_aimed_at_one_instance() {
    let broker = Broker::seeded(1);
    let mut handles = Vec::new();
    for _ in 0..3 {
        let connection = broker.connect().await.unwrap();
        let echo = Echo::default();
        let server = Server::builder().add_service(echo.clone()).start(connection).await.unwrap();
        handles.push((server, echo.called));
    }
    let mut channel = Channel::new(broker.connect().await.unwrap());
    let to = |handle: &Handle, index, body| {
        Call::new(ECHO.method(index), body).with_instance(handle.instance().to_owned())
    };
    for (handle, called) in &handles {
        for _ in 0..10 {
            let reply = channel.call(to(handle, 0, Body::Unary("a".into()))).await.unwrap();
            assert_eq!(message(reply), "a");
        }
        let reply = channel.call(to(handle, 2, requests(vec!["a".into(), "b".into()]))).await.unwrap();
        assert_eq!(message(reply), "ab");
        assert_eq!(called.load(Ordering::SeqCst), 11);
    }
    let (gone, _) = handles.pop().unwrap();
    let id = gone.instance().to_owned();
    gone.shutdown().await;
    let call = Call::new(ECHO.method(0), Body::Unary("a".into())).with_instance(id);
    let status = channel.call(call).await.unwrap_err();
    assert!(status.is_not_processed(), "{status}");
    assert_eq!(status.code(), nats_rpc::Code::Unavailable);
    let call = Call::new(ECHO.method(0), Body::Unary("a".into())).with_instance("a.b");
    assert_eq!(channel.call(call).await.unwrap_err().code(), nats_rpc::Code::InvalidArgument);
}
