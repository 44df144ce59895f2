//! Peers that are written by hand.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use nats_rpc::transport::memory::{Broker, Client, Message, Options, Subscriber};
use nats_rpc::wire::batch::{self, Item, Items};
use nats_rpc::wire::{Features, Frame, Kind, Open, Pong, Refused, RefusedReason, Terminal};
use nats_rpc::{Channel, Code};
use prost::Message as _;

use crate::world::{ASK, Node, OracleClient, OracleServer, World, ask_all, connect, questions};

const UP: &str = "svc.test.v1.Oracle._up";

fn encoded(encode: impl FnOnce(&mut BytesMut)) -> Bytes {
    let mut frame = BytesMut::new();
    encode(&mut frame);
    frame.freeze()
}

fn pack_of(kind: Kind, items: impl IntoIterator<Item = (u64, Bytes)>) -> Bytes {
    encoded(|out| {
        batch::begin(kind, out);
        items.into_iter().for_each(|(token, frame)| batch::push(token, &frame, out));
    })
}

fn open(question: &str) -> Bytes {
    let none = std::iter::empty();
    let open = Open { method: hash("/test.v1.Oracle/Ask"), features: Features::PACK, ..Open::default() };
    let body = question.to_owned().encode_to_vec();
    encoded(|out| open.encode(none, &body, out).unwrap())
}

/// FNV-1a.
fn hash(path: &str) -> u32 {
    path.bytes().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

fn terminal(answer: &[u8]) -> Bytes {
    let none = std::iter::empty;
    encoded(|out| Terminal::default().encode(std::iter::empty(), none(), none(), answer, out).unwrap())
}

fn refused(reason: RefusedReason) -> Bytes {
    encoded(|out| Refused::new(reason, "by hand").encode(out))
}

fn items(payload: &Bytes) -> Vec<Item> {
    let frame = Frame::split(payload).unwrap();
    assert_eq!(Kind::from_byte(frame.kind), Some(Kind::Pack));
    Items::parse(Kind::Pack, frame.body).unwrap().collect()
}

/// A client by hand, and where it is answered.
struct Forger(Client, Subscriber);

const REPLY: &str = "_INBOX.forger.00000000000000aa";

impl Forger {
    fn new(broker: &Broker) -> Self {
        let client = broker.client(&Options::new().name("forger")).unwrap();
        let inbox = client.subscribe("_INBOX.forger.*", None).unwrap();
        Self(client, inbox)
    }

    async fn send(&mut self, payload: Bytes) -> Message {
        self.0.publish(ASK, Some(REPLY), payload);
        let message = tokio::time::timeout(Duration::from_secs(5), self.1.next()).await;
        let message = message.expect("there is an answer").unwrap();
        assert_eq!(message.subject, REPLY);
        message
    }
}

fn code_of(frame: &Bytes) -> RefusedReason {
    let frame = Frame::split(frame).unwrap();
    assert_eq!(Kind::from_byte(frame.kind), Some(Kind::Refused));
    Refused::decode(&frame.header).unwrap().reason
}

#[tokio::test(start_paused = true)]
async fn a_batch_whose_lengths_do_not_add_up_is_refused_as_a_whole() {
    let world = World::new().await;
    let begun = world.node.begun.load(std::sync::atomic::Ordering::SeqCst);
    let mut forger = Forger::new(&world.broker);
    let good = pack_of(Kind::Batch, [(1, open("a")), (2, open("b"))]);
    let nested = pack_of(Kind::Batch, [(1, open("a")), (2, good.clone())]);
    let many = pack_of(Kind::Batch, (0..17).map(|n| (n, open("a"))));
    for broken in [good.slice(..good.len() - 1), nested, many, pack_of(Kind::Batch, [])] {
        let answer = forger.send(broken).await;
        assert_eq!(code_of(&answer.payload), RefusedReason::Malformed);
    }
    assert_eq!(world.node.begun.load(std::sync::atomic::Ordering::SeqCst), begun);
}

#[tokio::test(start_paused = true)]
async fn an_item_that_can_not_be_read_is_refused_by_its_token() {
    let world = World::new().await;
    let mut forger = Forger::new(&world.broker);
    let wrong = encoded(|out| {
        let open = Open { method: 7, ..Open::default() };
        open.encode(std::iter::empty(), b"", out).unwrap();
    });
    let garbage = Bytes::from_static(&[1, Kind::Open as u8, 2, 0xff, 0xff]);
    let batch = pack_of(Kind::Batch, [(11, garbage), (12, open("fine")), (13, wrong)]);
    let mut answers = items(&forger.send(batch).await.payload);
    while answers.len() < 3 {
        answers.extend(items(&forger.1.next().await.unwrap().payload));
    }
    let mut by_token: Vec<_> = answers.into_iter().map(|item| (item.token, item.frame)).collect();
    by_token.sort_by_key(|(token, _)| *token);
    assert_eq!(by_token.iter().map(|(token, _)| *token).collect::<Vec<_>>(), [11, 12, 13]);
    assert_eq!(code_of(&by_token[0].1), RefusedReason::Malformed);
    assert_eq!(Frame::split(&by_token[1].1).unwrap().kind, Kind::Terminal as u8);
    assert_eq!(code_of(&by_token[2].1), RefusedReason::Method);
}

/// Of a call in a batch, every frame is an item of a PACK: its reply subject says nothing of it.
#[tokio::test(start_paused = true)]
async fn what_follows_an_item_comes_under_its_token_too() {
    let world = World::new().await;
    let mut forger = Forger::new(&world.broker);
    let batch = pack_of(Kind::Batch, [(21, open("wait 100"))]);
    let accept = items(&forger.send(batch).await.payload);
    assert_eq!((accept[0].token, Frame::split(&accept[0].frame).unwrap().kind), (21, Kind::Accept as u8));
    let end = items(&forger.1.next().await.unwrap().payload);
    assert_eq!((end[0].token, Frame::split(&end[0].frame).unwrap().kind), (21, Kind::Terminal as u8));
}

/// That it takes BATCH.
fn shows() -> Bytes {
    encoded(|out| Pong { features: Features::BATCH, ..Pong::default() }.encode(out).unwrap())
}

/// A service by hand that shows BATCH, and takes none until it is told to.
fn old_instance(broker: &Broker) -> (Client, Subscriber, Subscriber) {
    let client = broker.client(&Options::new().name("by hand")).unwrap();
    let up = client.subscribe(UP, Some("q")).unwrap();
    let calls = client.subscribe(ASK, Some("q")).unwrap();
    (client, up, calls)
}

#[tokio::test(start_paused = true)]
async fn a_batch_that_is_not_taken_is_sent_call_by_call_and_none_for_a_minute() {
    let broker = Broker::new();
    let (client, mut up, mut calls) = old_instance(&broker);
    tokio::spawn(async move {
        let mut batches = 0_u32;
        loop {
            tokio::select! {
                asked = up.next() => client.publish(&asked.unwrap().reply.unwrap(), None, shows()),
                call = calls.next() => {
                    let call = call.unwrap();
                    let (reply, frame) = (call.reply.unwrap(), Frame::split(&call.payload).unwrap());
                    let answer = match Kind::from_byte(frame.kind) {
                        Some(Kind::Batch) => {
                            batches += 1;
                            refused(RefusedReason::Kind)
                        }
                        // How many there have been.
                        _ => terminal(&batches.to_string().encode_to_vec()),
                    };
                    client.publish(&reply, None, answer);
                }
            }
        }
    });
    let client = OracleClient::new(Channel::new(connect(&broker, "client").await));
    assert_eq!(client.ask("?".to_owned()).await.unwrap().into_inner(), "0");
    // Until it has shown what it takes.
    tokio::time::sleep(Duration::from_millis(10)).await;
    let batches = async || {
        let answers = ask_all(&client, &questions(30)).await;
        answers.into_iter().map(|answer| answer.unwrap().parse::<u32>().unwrap()).max().unwrap()
    };
    let first = batches().await;
    assert!(first > 0);
    assert_eq!(batches().await, first, "none for a minute");
    tokio::time::sleep(Duration::from_secs(61)).await;
    assert!(batches().await > first);
}

#[tokio::test(start_paused = true)]
async fn what_refuses_a_batch_otherwise_refuses_each_of_its_calls() {
    let broker = Broker::new();
    let (client, mut up, mut calls) = old_instance(&broker);
    tokio::spawn(async move {
        loop {
            tokio::select! {
                asked = up.next() => client.publish(&asked.unwrap().reply.unwrap(), None, shows()),
                call = calls.next() => {
                    let call = call.unwrap();
                    let kind = Frame::split(&call.payload).unwrap().kind;
                    let answer =
                        if kind == Kind::Batch as u8 { refused(RefusedReason::Malformed) } else { terminal(&"ok".to_owned().encode_to_vec()) };
                    client.publish(&call.reply.unwrap(), None, answer);
                }
            }
        }
    });
    let client = OracleClient::new(Channel::new(connect(&broker, "client").await));
    client.ask("?".to_owned()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(10)).await;
    let answers = ask_all(&client, &questions(20)).await;
    // One may have been alone.
    let refused: Vec<_> = answers.into_iter().filter_map(Result::err).collect();
    assert!(
        refused.len() >= 16 && refused.iter().all(|status| status.code() == Code::Internal),
        "{refused:?}"
    );
}

/// Garbage in the place of answers ends nothing, and holds nothing up.
#[tokio::test(start_paused = true)]
async fn a_pack_that_is_broken_is_ignored() {
    let broker = Broker::new();
    let server = nats_rpc::Server::builder().add_service(OracleServer::new(Node::default()));
    let _server = server.start(connect(&broker, "server").await).await.unwrap();
    let channel = Channel::new(connect(&broker, "client").await);
    let client = OracleClient::new(channel.clone());
    let by_hand = broker.client(&Options::new()).unwrap();
    let mut tap = by_hand.subscribe(ASK, None).unwrap();
    let waiting = tokio::spawn(client.ask("wait 300".to_owned()).into_future());
    let reply = tap.next().await.unwrap().reply.unwrap();
    let good = pack_of(Kind::Pack, [(1, terminal(b"x")), (u64::MAX, terminal(b"y"))]);
    for broken in [good.clone(), good.slice(..good.len() - 1), pack_of(Kind::Pack, []), good.slice(..3)] {
        by_hand.publish(&reply, None, broken);
    }
    assert_eq!(waiting.await.unwrap().unwrap().into_inner(), "wait 300");
    assert!(channel.connection().stats().ignored >= 4);
}
