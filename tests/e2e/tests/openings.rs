//! Whatever comes to the subject of a method: the server answers it once, or not at all where it must not, and
//! goes on.

use std::collections::HashMap;

use async_nats::{Message, Subscriber};
use bytes::Bytes;
use e2e::{Answer, Bystander, LONG, ProbeClient, Question, World, question, within};
use futures_util::{FutureExt, StreamExt};
use nats_rpc::server::Handle;
use nats_rpc::wire::{
    Accept, Features, Frame, Kind, Open, Profile, Refused, Terminal, VERSION, plain, profile,
};
use nats_rpc::{Request, Response, Status};

use crate::noise::{Noise, Sent, setting};

const INBOX: &str = "openings.answers";
/// Messages that are sent before their answers are looked at.
const BATCH: usize = 100;

/// Sends back what it got, so that odd metadata has to leave, too.
async fn echo(request: Request<Question>) -> Result<Response<Answer>, Status> {
    let (metadata, asked) = (request.metadata().clone(), request.into_inner());
    if asked.big_number % 5 == 4 {
        return Err(Status::not_found(asked.text).with_metadata(metadata));
    }
    let mut response =
        Response::new(Answer { text: asked.text, big_number: asked.big_number, raw_bytes: asked.raw_bytes });
    *response.metadata_mut() = metadata.clone();
    *response.trailers_mut() = metadata;
    Ok(response)
}

struct Scene {
    nats: Bystander,
    client: ProbeClient,
    answers: Subscriber,
    sent: Vec<Sent>,
    got: HashMap<usize, usize>,
    /// How many of those that were sent have an answer.
    due: usize,
    _server: Handle,
    _world: World,
}

impl Scene {
    async fn new() -> Self {
        let world = World::nats();
        let (client, server) = world.start(echo).await;
        let nats = Bystander::new(&world).await;
        let answers = nats.subscribe(format!("{INBOX}.*")).await;
        Self {
            nats,
            client,
            answers,
            sent: Vec::new(),
            got: HashMap::new(),
            due: 0,
            _server: server,
            _world: world,
        }
    }

    async fn send(&mut self, message: Sent) {
        let (subject, reply) = (message.subject, format!("{INBOX}.{}", self.sent.len()));
        let (headers, payload) = (message.headers.clone(), message.payload.clone());
        let client = self.nats.client();
        if headers.is_empty() {
            client.publish_with_reply(subject, reply, payload).await.unwrap();
        } else {
            client.publish_with_reply_and_headers(subject, reply, headers, payload).await.unwrap();
        }
        self.due += usize::from(is_answered(&message));
        self.sent.push(message);
    }

    /// Sees that all of the batch that has an answer gets it.
    async fn settle(&mut self) {
        while self.got.len() < self.due {
            let next = tokio::time::timeout(LONG, self.answers.next()).await;
            let Ok(next) = next else {
                let silent = (0..self.sent.len()).filter(|n| !self.got.contains_key(n));
                let silent: Vec<_> = silent.map(|n| &self.sent[n]).filter(|sent| is_answered(sent)).collect();
                panic!("without an answer: {silent:#?}");
            };
            self.take(&next.expect("the connection has ended"));
        }
        let given = self.client.ask(question("good")).timeout(LONG).await.unwrap();
        assert_eq!(given.into_inner().text, "good");
        while let Some(Some(late)) = self.answers.next().now_or_never() {
            self.take(&late);
        }
    }

    fn take(&mut self, answer: &Message) {
        let n: usize = answer.subject.rsplit('.').next().unwrap().parse().unwrap();
        let sent = &self.sent[n];
        assert!(is_sound(sent, answer), "{answer:?} answers {sent:?}");
        // On a machine that is held up, word that a call has been taken may come before its end.
        if is_accept(answer) && !is_more_to_come(sent) {
            return;
        }
        let count = self.got.entry(n).or_default();
        *count += 1;
        // A call that is accepted is ended later, and may be answered in pieces.
        let most = if is_more_to_come(sent) { 5 } else { 1 };
        assert!(*count <= most && is_answered(sent), "{answer:?} is number {count} to {sent:?}");
    }
}

fn is_native(sent: &Sent) -> bool {
    let named =
        sent.headers.iter().any(|(name, _)| name.to_string().eq_ignore_ascii_case(plain::CONTENT_TYPE));
    profile(&sent.payload, named) != Profile::Plain
}

/// Whether this may have an answer: what opens nothing must not, or two peers answer each other in circles.
fn is_answered(sent: &Sent) -> bool {
    if !is_native(sent) || sent.payload[0] != VERSION {
        return true;
    }
    let Ok(frame) = Frame::split(&sent.payload) else { return true };
    match Kind::from_byte(frame.kind) {
        Some(kind) => matches!(kind, Kind::Open | Kind::Batch | Kind::Ping),
        None => !Kind::is_ignorable(frame.kind),
    }
}

/// Whether this begins a message that it does not complete, or takes an answer of several frames.
fn is_more_to_come(sent: &Sent) -> bool {
    let Ok(frame) = Frame::split(&sent.payload) else { return false };
    let takes_pieces = |open: &Open<'_>| open.features.contains(Features::CHUNKS);
    Open::decode(&frame.header)
        .is_ok_and(|open| open.total_len > frame.body.len() as u64 || takes_pieces(&open))
}

fn is_opening(sent: &Sent) -> bool {
    Frame::split(&sent.payload).is_ok_and(|frame| Open::decode(&frame.header).is_ok())
}

fn is_accept(answer: &Message) -> bool {
    Frame::split(&answer.payload).is_ok_and(|frame| Kind::from_byte(frame.kind) == Some(Kind::Accept))
}

/// Whether an answer can be read, and is of the profile of what it answers.
fn is_sound(sent: &Sent, answer: &Message) -> bool {
    if !is_native(sent) {
        return answer.status.is_none() && (answer.headers.is_some() || !answer.payload.is_empty());
    }
    let Ok(frame) = Frame::split(&answer.payload) else { return false };
    answer.headers.is_none()
        && match Kind::from_byte(frame.kind) {
            Some(Kind::Terminal) => Terminal::decode(&frame.header).is_ok(),
            Some(Kind::Head | Kind::Data) => is_more_to_come(sent),
            Some(Kind::Accept) => is_opening(sent) && Accept::decode(&frame.header).is_ok(),
            Some(Kind::Refused) => Refused::decode(&frame.header).is_ok() && frame.body.is_empty(),
            _ => false,
        }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_message_is_answered_as_it_should_be() {
    let (count, seed) = (setting("E2E_FUZZ_CASES", 6_000), setting("E2E_FUZZ_SEED", 1));
    let mut noise = Noise::new(seed);
    let mut scene = Scene::new().await;
    for n in 0..count as usize {
        scene.send(noise.message()).await;
        if n % BATCH == BATCH - 1 {
            within("a batch", scene.settle()).await;
        }
    }
    within("the last batch", scene.settle()).await;
    let answered = scene.got.len();
    // Nothing of the mix may have got lost: most have an answer, some have none.
    assert!(answered > scene.sent.len() / 2 && answered < scene.sent.len(), "{answered}");
    e2e::say(&format!("{count} messages, {answered} of them answered, seed {seed}"));
}

#[tokio::test]
async fn the_same_seed_gives_the_same_messages() {
    let some = |seed| {
        let mut noise = Noise::new(seed);
        (0..200).map(|_| noise.message().payload).collect::<Vec<Bytes>>()
    };
    assert_eq!(some(7), some(7));
    assert_ne!(some(7), some(8));
}
