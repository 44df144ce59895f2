//! Reply subjects that many calls share, one after the other, through a real NATS server.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use e2e::{
    Answer, Bystander, LONG, ProbeClient, Question, RawMessage, RawSocket, World, nothing_waits, question,
    until,
};
use futures_util::StreamExt;
use futures_util::future::join_all;
use nats_rpc::wire::batch::{self, Items};
use nats_rpc::wire::{Features, Frame, Kind, Open, Pong, Refused, RefusedReason, Terminal};
use nats_rpc::{Channel, Code, Connection, Status};
use prost::Message as _;

const ASK: &str = "svc.e2e.v1.Probe.Ask";

fn encoded(encode: impl FnOnce(&mut BytesMut)) -> Bytes {
    let mut frame = BytesMut::new();
    encode(&mut frame);
    frame.freeze()
}

/// An answer that repeats the question.
fn echo(question: &Bytes) -> Bytes {
    let text = Question::decode(question.clone()).unwrap().text;
    let (answer, none) = (Answer { text, ..Answer::default() }.encode_to_vec(), std::iter::empty);
    encoded(|out| Terminal::default().encode(std::iter::empty(), none(), none(), &answer, out).unwrap())
}

/// A service written by hand.
struct Instance(RawSocket);

/// One call that has come.
struct Came {
    reply: String,
    text: String,
    answer: Bytes,
    in_batch: bool,
}

impl Instance {
    /// It shows that it takes BATCH.
    async fn new(world: &World) -> Self {
        let bystander = Bystander::new(world).await;
        let mut asked = bystander.subscribe("svc.e2e.v1.Probe._up").await;
        tokio::spawn(async move {
            let pong = Pong { features: Features::BATCH, ..Pong::default() };
            let pong = encoded(|out| pong.encode(out).unwrap());
            while let Some(asked) = asked.next().await {
                bystander.client().publish(asked.reply.unwrap(), pong.clone()).await.unwrap();
            }
        });
        let mut socket = RawSocket::connect(world.server().port()).await;
        socket.subscribe(&format!("{ASK} q")).await;
        Self(socket)
    }

    /// A client that knows what the service takes, and whose calls share nothing.
    async fn client(&mut self, world: &World) -> (Connection, ProbeClient) {
        let connection = world.connect().await;
        let client = ProbeClient::new(Channel::bare(connection.clone()).without_coalescing());
        loop {
            let ask = client.ask(question("first")).timeout(LONG);
            let (given, in_batch) = tokio::join!(ask.into_future(), async {
                let came = self.next().await;
                self.publish(&came.reply, &came.answer).await;
                came.in_batch
            });
            given.unwrap();
            if in_batch {
                return (connection, client);
            }
        }
    }

    async fn next(&mut self) -> Came {
        let RawMessage { reply, payload, .. } = self.0.next().await;
        let (reply, payload) = (reply.unwrap(), Bytes::from(payload));
        let frame = Frame::split(&payload).unwrap();
        let text = |open: &Frame| Question::decode(open.body.clone()).unwrap().text;
        if Kind::from_byte(frame.kind) != Some(Kind::Batch) {
            Open::decode(&frame.header).unwrap();
            return Came { reply, text: text(&frame), answer: echo(&frame.body), in_batch: false };
        }
        let item = Items::split(Kind::Batch, payload).unwrap().next().unwrap();
        let open = Frame::split(&item.frame).unwrap();
        let answer = encoded(|out| {
            batch::begin(Kind::Pack, out);
            batch::push(item.token, &echo(&open.body), out);
        });
        Came { reply, text: text(&open), answer, in_batch: true }
    }

    async fn publish(&mut self, subject: &str, payload: &[u8]) {
        let line = format!("PUB {subject} {}\r\n", payload.len());
        self.0.send(&[line.as_bytes(), payload, b"\r\n"].concat()).await;
    }

    /// Comes back for so many calls. Each goes to one of its subscriptions, should there be another yet.
    async fn come_back(&mut self, subscription: usize, calls: usize) {
        let line = format!("SUB {ASK} q {subscription}\r\nUNSUB {subscription} {calls}\r\n");
        self.0.send(line.as_bytes()).await;
    }
}

/// Asks so many things at a time, each of them once.
async fn ask_all(client: &ProbeClient, callers: usize, rounds: usize) -> HashMap<String, Result<(), Status>> {
    let callers = (0..callers).map(|caller| {
        let client = client.clone();
        tokio::spawn(async move {
            let mut outcomes = Vec::new();
            for round in 0..rounds {
                let text = format!("{caller} {round}");
                let given = client.ask(question(&text)).timeout(LONG).await;
                outcomes.push((text.clone(), given.map(|given| assert_eq!(given.into_inner().text, text))));
            }
            outcomes
        })
    });
    join_all(callers).await.into_iter().flat_map(Result::unwrap).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn thousands_of_calls_are_answered_at_few() {
    let world = World::nats();
    let mut instance = Instance::new(&world).await;
    let (connection, client) = instance.client(&world).await;
    let answering = tokio::spawn(async move {
        let mut places = BTreeSet::new();
        for _ in 0..400 * 10 {
            let came = instance.next().await;
            instance.publish(&came.reply, &came.answer).await;
            places.insert(came.reply);
        }
        places.len()
    });
    let outcomes = ask_all(&client, 400, 10).await;
    assert!(outcomes.values().all(Result::is_ok));
    let places = answering.await.unwrap();
    assert!(places <= 256, "{places}");
    nothing_waits(&connection).await;
}

/// A NATS server that has nobody to give a call to says so at its reply subject, and nothing else. Whoever takes that for
/// another call's makes one twice, and never ends one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn that_nobody_is_there_is_told_to_the_call_for_which_it_is_true() {
    let world = World::nats();
    let mut instance = Instance::new(&world).await;
    let (connection, client) = instance.client(&world).await;
    let taken = Arc::new(Mutex::new(HashMap::<String, usize>::new()));
    // Always leaves and comes back, and in between nobody is there.
    let coming_and_going = tokio::spawn({
        let taken = Arc::clone(&taken);
        async move {
            instance.0.send(b"UNSUB 1\r\n").await;
            for subscription in 2.. {
                let calls = subscription * 7 % 50 + 1;
                instance.come_back(subscription, calls).await;
                for _ in 0..calls {
                    let came = instance.next().await;
                    *taken.lock().unwrap().entry(came.text).or_default() += 1;
                    instance.publish(&came.reply, &came.answer).await;
                }
            }
        }
    });
    let outcomes = ask_all(&client, 400, 20).await;
    coming_and_going.abort();
    let taken = taken.lock().unwrap().clone();
    let mut untaken = 0;
    for (text, outcome) in &outcomes {
        if let Err(status) = outcome {
            untaken += 1;
            assert!(status.code() == Code::Unavailable && status.is_not_processed(), "{text}: {status}");
        }
        let times = taken.get(text).copied().unwrap_or_default();
        assert_eq!(times, usize::from(outcome.is_ok()), "{text}: {outcome:?}");
    }
    println!("{} calls, {untaken} of them never taken", outcomes.len());
    assert!(untaken > 0);
    nothing_waits(&connection).await;
}

/// What somebody else than the server says of a whole BATCH there is of a call only if it can be of no other.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_names_no_call_is_of_the_only_one_or_of_none() {
    const CALLS: usize = 300;
    let world = World::nats();
    let mut instance = Instance::new(&world).await;
    let (connection, client) = instance.client(&world).await;
    let before = connection.stats().ignored;
    let refused = encoded(|out| Refused::new(RefusedReason::TooLarge, "by hand").encode(out));
    let serving = async {
        let mut calls = Vec::new();
        while calls.len() < CALLS {
            calls.push(instance.next().await);
        }
        for came in &calls {
            instance.publish(&came.reply, &refused).await;
        }
        for came in &calls {
            instance.publish(&came.reply, &came.answer).await;
        }
        let mut times = HashMap::<_, usize>::new();
        calls.iter().for_each(|came| *times.entry(came.reply.clone()).or_default() += 1);
        calls.into_iter().map(|came| (came.text, times[&came.reply])).collect::<HashMap<_, _>>()
    };
    let (outcomes, times) = tokio::join!(ask_all(&client, CALLS, 1), serving);
    let shared = times.values().filter(|times| **times > 1).count();
    assert!(shared > 0 && shared < CALLS, "{shared}");
    for (text, outcome) in outcomes {
        let code = outcome.map_err(|status| status.code());
        assert_eq!(code, if times[&text] > 1 { Ok(()) } else { Err(Code::ResourceExhausted) }, "{text}");
    }
    // And the answers to those that had ended.
    until("all is seen", || connection.stats().ignored == before + CALLS as u64).await;
    nothing_waits(&connection).await;
}

/// What comes late for a call that was given up is not taken for another's.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_a_call_was_given_up_nobody_is_told_of_a_whole_batch() {
    let world = World::nats();
    let mut instance = Instance::new(&world).await;
    let (connection, client) = instance.client(&world).await;
    let ask = client.ask(question("given up")).timeout(Duration::from_millis(200));
    let (given, given_up) = tokio::join!(ask.into_future(), instance.next());
    assert_eq!(given.unwrap_err().code(), Code::DeadlineExceeded);
    let refused = encoded(|out| Refused::new(RefusedReason::TooLarge, "by hand").encode(out));
    for calls in 1.. {
        let ask = client.ask(question("next")).timeout(LONG);
        let (given, is_there) = tokio::join!(ask.into_future(), async {
            let came = instance.next().await;
            let is_there = came.reply == given_up.reply;
            if is_there {
                instance.publish(&came.reply, &refused).await;
            }
            instance.publish(&came.reply, &came.answer).await;
            is_there
        });
        assert_eq!(given.unwrap().into_inner().text, "next");
        if is_there {
            break;
        }
        assert!(calls < 1_000, "no other call comes there");
    }
    nothing_waits(&connection).await;
}
