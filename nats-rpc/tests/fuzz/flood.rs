//! More than anybody reads: what a stream keeps of it is what it has allowed, whoever sends.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use nats_rpc::codegen::Service as _;
use nats_rpc::raw::{Body, Call, ReplyBody};
use nats_rpc::spec::method_hash;
use nats_rpc::transport::memory::{Broker, Client, Options};
use nats_rpc::wire::{Accept, Data, Features, Frame, Numbers, Open};
use nats_rpc::{Channel, Server};

use crate::forged::INSTANCE;
use crate::scene::run;
use crate::service::{ECHO, Echo};

/// Frames of a flood, by their numbers, and how long their bodies are.
pub(crate) type Flood = (fn(u64) -> Data<'static>, usize);

const FRAMES: u64 = 1_200;

/// One after the other, more than any window.
pub(crate) fn in_order(seq: u64) -> Data<'static> {
    Data { seq, ..Data::default() }
}

/// The same again and again.
pub(crate) fn repeated(_: u64) -> Data<'static> {
    Data::default()
}

/// Messages without bytes, as many as a header has room for: their number is what it costs to keep them.
pub(crate) fn of_nothing(seq: u64) -> Data<'static> {
    static LENS: [u32; 16_000] = [0; 16_000];
    Data { seq, lens: Numbers::from_slice(&LENS), ..Data::default() }
}

/// A message that never ends.
pub(crate) fn of_chunks(seq: u64) -> Data<'static> {
    Data { seq, total_len: if seq == 0 { 4 * 1024 * 1024 } else { 0 }, ..Data::default() }
}

/// A message that is longer than any may be.
pub(crate) fn of_one_too_large(seq: u64) -> Data<'static> {
    Data { seq, total_len: if seq == 0 { 64 * 1024 * 1024 } else { 0 }, ..Data::default() }
}

/// A few at a time, so that what waits at the broker is not what is measured.
async fn pour(forger: &Client, to: &str, handle: u64, (flood, len): Flood) {
    let body = vec![7; len];
    for number in 0..FRAMES {
        let mut frame = BytesMut::new();
        Data { handle, ..flood(number) }.encode(&body, &mut frame).expect("it fits");
        forger.publish(to, None, frame.freeze());
        if number % 4 == 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
}

/// Towards a handler that reads no faster than its responses are taken, which they are not.
pub(crate) fn towards_a_server(flood: Flood) {
    run(async {
        let broker = Broker::seeded(1);
        let connection = broker.connect().await.expect("it connects");
        let server =
            Server::builder().add_service(Echo::default()).start(connection).await.expect("it starts");
        let forger = broker.client(&Options::new()).expect("it connects");
        let inbox = forger.new_inbox();
        let mut answers = forger.subscribe(&inbox, None).expect("it is connected");
        let open = Open {
            method: method_hash("test.Echo", "Chat"),
            features: Features::STREAMS,
            window: 600,
            ..Open::default()
        };
        let mut frame = BytesMut::new();
        open.encode(std::iter::empty(), &[], &mut frame).expect("it fits");
        forger.publish("svc.test.Echo.Chat", Some(&inbox), frame.freeze());
        let answer = Frame::split(&answers.next().await.expect("an answer").payload).expect("a frame");
        let accept = Accept::decode(&answer.header).expect("it is accepted");
        let to = format!("svc.test.Echo._i.{}.s", accept.instance);
        drop(answers);
        pour(&forger, &to, accept.handle, flood).await;
        drop(server);
    });
}

/// Towards a caller that does not read.
pub(crate) fn towards_a_client(flood: Flood) {
    run(async {
        let broker = Broker::seeded(1);
        let forger = broker.client(&Options::new()).expect("it connects");
        let mut calls = forger.subscribe("svc.test.Echo.Repeat", None).expect("it is connected");
        let mut channel = Channel::new(broker.connect().await.expect("it connects"));
        let called = tokio::spawn(async move {
            let called = channel.call(Call::new(ECHO.method(1), Body::Unary(Bytes::new()))).await;
            let Ok(reply) = called else { return };
            let ReplyBody::Stream(mut events) = reply.into_parts().1 else { return };
            let _ = events.next().await;
            std::future::pending::<()>().await;
        });
        let reply = calls.next().await.expect("a call").reply.expect("which wants an answer");
        let mut frame = BytesMut::new();
        Accept { handle: 1, instance: INSTANCE, ..Accept::default() }.encode(&mut frame).expect("it fits");
        forger.publish(&reply, None, frame.freeze());
        pour(&forger, &reply, 0, flood).await;
        called.abort();
    });
}
