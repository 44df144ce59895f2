//! A forger that calls a service whose calls are streams.

use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::BytesMut;
use nats_rpc::Server;
use nats_rpc::spec::method_hash;
use nats_rpc::transport::memory::{Broker, Client, Options, Subscriber};
use nats_rpc::wire::{Accept, Features, Frame, Kind, Open, OpenFlags};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::damage::{Damage, damage};
use crate::forged::{self, CALLS, Forged, Line};
use crate::scene::{left_of, run, settle};
use crate::service::Echo;

const METHODS: [&str; 4] = ["Unary", "Repeat", "Concat", "Chat"];

#[derive(Clone, Debug)]
pub(crate) struct Opening {
    method: &'static str,
    body: Vec<u8>,
    window: u32,
    max_message: u32,
    accept_after_ms: Option<u32>,
    flags: u32,
    total_len: u64,
    damage: Vec<Damage>,
}

#[derive(Clone, Debug)]
pub(crate) enum Step {
    Send(Forged),
    Wait(u64),
}

pub(crate) fn case() -> impl Strategy<Value = (Vec<Opening>, Vec<Step>)> {
    let step = prop_oneof![
        12 => forged::of_client().prop_map(Step::Send),
        1 => (0..3_000_u64).prop_map(Step::Wait),
    ];
    (vec(opening(), CALLS), vec(step, 0..25))
}

fn opening() -> impl Strategy<Value = Opening> {
    let order = (0..40_u32, prop_oneof![4 => 0..700_usize, 1 => Just(300_000)])
        .prop_map(|(count, len)| format!("{count} {len}").into_bytes());
    let flags = prop_oneof![8 => Just(0), 1 => 0..64_u32];
    let window = prop_oneof![3 => Just(0), 1 => 1..2_000_u32, 1 => Just(u32::MAX)];
    let max_message = prop_oneof![6 => Just(0), 1 => any::<u32>(), 1 => 0..40_000_u32];
    let accept = prop_oneof![Just(None), Just(Some(0)), Just(Some(1))];
    let total_len = prop_oneof![9 => Just(0), 1 => 0..3_000_u64, 1 => any::<u64>()];
    let damage = prop_oneof![8 => Just(Vec::new()), 1 => vec(damage(), 1..3)];
    let head = (prop::sample::select(&METHODS[..]), order, window, max_message);
    (head, accept, flags, total_len, damage).prop_map(|(head, accept_after_ms, flags, total_len, damage)| {
        let (method, body, window, max_message) = head;
        Opening { method, body, window, max_message, accept_after_ms, flags, total_len, damage }
    })
}

impl Opening {
    fn frame(&self) -> Vec<u8> {
        let open = Open {
            method: method_hash("test.Echo", self.method),
            features: Features::STREAMS.with(Features::CHUNKS),
            window: self.window,
            max_message: self.max_message,
            accept_after_ms: self.accept_after_ms,
            flags: OpenFlags(self.flags),
            total_len: self.total_len,
            ..Open::default()
        };
        let mut frame = BytesMut::new();
        open.encode(std::iter::empty(), &self.body, &mut frame).expect("it fits");
        let mut frame = frame.to_vec();
        self.damage.iter().for_each(|damage| damage.apply(&mut frame));
        frame
    }
}

/// A call as the forger sees it.
struct Forger {
    client: Client,
    replies: Vec<Subscriber>,
    subjects: Vec<String>,
    instance: Option<String>,
    lines: Vec<Line>,
    accepted: u32,
    ends: [usize; CALLS],
}

impl Forger {
    fn new(client: Client) -> Self {
        let subjects: Vec<String> = (0..CALLS).map(|_| client.new_inbox()).collect();
        let replies =
            subjects.iter().map(|subject| client.subscribe(subject, None).expect("it is connected"));
        let replies = replies.collect();
        let lines = (0..CALLS as u64).map(Line::new).collect();
        Self { client, replies, subjects, instance: None, lines, accepted: 0, ends: [0; CALLS] }
    }

    /// Reads what has come: who has the calls, and which are over.
    async fn look(&mut self) {
        tokio::time::sleep(Duration::from_millis(1)).await;
        for (call, replies) in self.replies.iter_mut().enumerate() {
            while let Some(message) = replies.try_next() {
                let Ok(frame) = Frame::split(&message.payload) else { continue };
                if Kind::from_byte(frame.kind) == Some(Kind::Accept) {
                    let accept = Accept::decode(&frame.header).expect("the server sends it right");
                    self.instance = Some(accept.instance.to_owned());
                    self.lines[call].handle = accept.handle;
                    self.accepted += 1;
                } else if forged::ends(frame.kind) {
                    self.ends[call] += 1;
                }
            }
        }
    }

    fn send(&mut self, forged: &Forged) {
        let Some(instance) = &self.instance else { return };
        let port = if forged.is_audit() { "h" } else { "s" };
        let subject = format!("svc.test.Echo._i.{instance}.{port}");
        for frame in forged.frames(&mut self.lines[forged.call]) {
            let reply = forged.is_audit().then(|| self.client.new_inbox());
            self.client.publish(&subject, reply.as_deref(), frame);
        }
    }
}

/// Whatever a caller sends: nothing is left of its calls when it is silent, and none ends twice. Returns how many were
/// accepted.
pub(crate) fn harms_no_server(openings: &[Opening], steps: &[Step]) -> Result<u32, TestCaseError> {
    run(async {
        let broker = Broker::seeded(1);
        let connection = broker.connect().await.expect("it connects");
        let echo = Echo { most: Some(1_000_000), ..Echo::default() };
        let server =
            Server::builder().add_service(echo.clone()).start(connection.clone()).await.expect("it starts");
        let mut forger = Forger::new(broker.client(&Options::new()).expect("it connects"));
        for (opening, reply) in openings.iter().zip(&forger.subjects) {
            let subject = format!("svc.test.Echo.{}", opening.method);
            forger.client.publish(&subject, Some(reply), opening.frame());
        }
        for step in steps {
            forger.look().await;
            match step {
                Step::Send(forged) => forger.send(forged),
                Step::Wait(ms) => tokio::time::sleep(Duration::from_millis(*ms)).await,
            }
        }
        let left = settle(|| {
            let stats = server.stats();
            let alive = echo.alive.load(Ordering::SeqCst);
            let busy = (stats.running, stats.accepted, alive) != (0, 0, 0);
            left_of(&connection) + &if busy { format!("{stats:?}, {alive} handlers") } else { String::new() }
        });
        let left = left.await;
        prop_assert_eq!(left, "");
        forger.look().await;
        prop_assert!(forger.ends.iter().all(|ends| *ends <= 1), "{:?}", forger.ends);
        Ok(forger.accepted)
    })
}
