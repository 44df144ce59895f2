//! Messages to a method's subject that are no calls.

use bytes::{Bytes, BytesMut};
use e2e::{Answer, Bystander, Count, ProbeClient, World, answer, question};
use nats_rpc::server::Handle;
use nats_rpc::wire::{self, Frame, Kind, Open, Refused, RefusedReason, Terminal};
use prost::Message;

const ASK: &str = "svc.e2e.v1.Probe.Ask";
const PATH: &str = "/e2e.v1.Probe/Ask";

struct Scene {
    handled: Count,
    nats: Bystander,
    client: ProbeClient,
    _server: Handle,
    _world: World,
}

impl Scene {
    async fn new() -> Self {
        let world = World::nats();
        let handled = Count::new();
        let counted = handled.clone();
        let (client, server) = world
            .start(move |request| {
                counted.add();
                async move { Ok(answer(request.into_inner().text)) }
            })
            .await;
        Self { handled, nats: Bystander::new(&world).await, client, _server: server, _world: world }
    }

    /// What the server answers, taken apart.
    async fn frame(&self, payload: impl Into<Bytes>) -> Frame {
        let given = self.nats.request(ASK, &[], payload).await;
        assert_eq!(given.headers, None);
        Frame::split(&given.payload).unwrap()
    }

    async fn refused(&self, payload: impl Into<Bytes>, reason: RefusedReason) -> String {
        let payload = payload.into();
        let frame = self.frame(payload.clone()).await;
        assert_eq!(Kind::from_byte(frame.kind), Some(Kind::Refused), "{payload:?}");
        let refused = Refused::decode(&frame.header).unwrap();
        assert_eq!(refused.reason, reason, "{payload:?}: {}", refused.message);
        assert!(frame.body.is_empty());
        refused.message.to_owned()
    }

    async fn still_serves(&self) {
        assert_eq!(self.client.ask(question("next")).await.unwrap().into_inner().text, "next");
    }
}

/// FNV-1a, written down once more: whoever speaks the wire from outside has to.
fn method_hash(path: &str) -> u32 {
    path.bytes().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

fn open(change: impl FnOnce(&mut Open<'_>)) -> Bytes {
    let mut open = Open { timeout_us: 10_000_000, method: method_hash(PATH), ..Open::default() };
    change(&mut open);
    let metadata = [("x-key", &b"value"[..]), ("x-raw-bin", &[0, 255])];
    let mut frame = BytesMut::new();
    open.encode(metadata.into_iter(), &question("a question").encode_to_vec(), &mut frame).unwrap();
    frame.freeze()
}

#[tokio::test]
async fn a_frame_made_by_hand_is_a_call() {
    let scene = Scene::new().await;
    let frame = scene.frame(open(|_| {})).await;
    assert_eq!(Kind::from_byte(frame.kind), Some(Kind::Terminal));
    let end = Terminal::decode(&frame.header).unwrap();
    assert!(end.code == 0 && end.has_message());
    assert_eq!(Answer::decode(frame.body).unwrap().text, "a question");
}

#[tokio::test]
async fn every_beginning_of_a_frame_is_answered() {
    let scene = Scene::new().await;
    let whole = open(|_| {});
    let header_end = whole.len() - Frame::split(&whole).unwrap().body.len();
    for len in 1..header_end {
        scene.refused(whole.slice(..len), RefusedReason::Malformed).await;
    }
    assert_eq!(scene.handled.get(), 0);
    for len in header_end..whole.len() {
        let frame = scene.frame(whole.slice(..len)).await;
        assert_eq!(Kind::from_byte(frame.kind), Some(Kind::Terminal), "{len}");
        // Where the body ends between two fields it is a message, too.
        let code = Terminal::decode(&frame.header).unwrap().code;
        assert_eq!(code, if len == header_end { 0 } else { 13 }, "{len}");
    }
    scene.still_serves().await;
}

#[tokio::test]
async fn every_changed_byte_is_answered() {
    let scene = Scene::new().await;
    let whole = open(|_| {});
    for place in 0..whole.len() {
        for change in [0x01, 0x80, 0xff] {
            let mut bytes = whole.to_vec();
            bytes[place] ^= change;
            // What is dropped on purpose has tests of its own.
            if place == 1 && bytes[1] != Kind::Batch as u8 {
                continue;
            }
            let given = scene.nats.request(ASK, &[], bytes.clone()).await;
            assert!(!given.payload.is_empty() || given.headers.is_some(), "{place}: {bytes:?}");
        }
    }
    scene.still_serves().await;
}

#[tokio::test]
async fn an_unknown_version_is_refused() {
    let scene = Scene::new().await;
    for version in [0, 2, 3, 4, 5, 6, 7] {
        for rest in [&[][..], &[1, 0], b"anything"] {
            let payload = [&[version], rest].concat();
            let frame = scene.frame(payload).await;
            let refused = Refused::decode(&frame.header).unwrap();
            assert_eq!(refused.reason, RefusedReason::Version);
            assert!(refused.message.contains(&version.to_string()), "{}", refused.message);
        }
    }
    assert_eq!(scene.handled.get(), 0);
    scene.still_serves().await;
}

#[tokio::test]
async fn the_refusal_of_a_version_lists_those_that_are_spoken() {
    let scene = Scene::new().await;
    let frame = scene.frame(&b"\x02\x01\x00"[..]).await;
    let refused = Refused::decode(&frame.header).unwrap();
    assert_eq!(refused.versions.collect::<Vec<_>>(), [1]);
}

#[tokio::test]
async fn an_unknown_kind_is_refused() {
    let scene = Scene::new().await;
    for kind in [0x00, 0x0d, 0x3f, 0x7f, Kind::Ping as u8] {
        scene.refused(vec![1, kind, 0], RefusedReason::Kind).await;
    }
    scene.still_serves().await;
}

#[tokio::test]
async fn a_batch_of_nothing_or_of_garbage_is_refused_as_a_whole() {
    let scene = Scene::new().await;
    for rest in [&[][..], &[0], &[3, 1, 2, 3, 4, 5, 6, 7, 8, 1, 1], b"garbage of some length"] {
        scene.refused([&[1, Kind::Batch as u8, 0], rest].concat(), RefusedReason::Malformed).await;
    }
    scene.still_serves().await;
}

#[tokio::test]
async fn what_opens_nothing_is_dropped() {
    let scene = Scene::new().await;
    // Were one of them answered, two peers could answer each other for ever.
    let known = Kind::ALL.into_iter().filter(|kind| !matches!(kind, Kind::Open | Kind::Batch | Kind::Ping));
    let mut answered = Vec::new();
    for kind in known.map(Kind::as_byte).chain([0x80, 0x9f, 0xff]) {
        let inbox = scene.nats.client().new_inbox();
        let mut answers = scene.nats.client().subscribe(inbox.clone()).await.unwrap();
        scene.nats.client().publish_with_reply(ASK, inbox, vec![1, kind, 0].into()).await.unwrap();
        // The server reads in order: once this is answered, so would be the other.
        scene.frame(open(|_| {})).await;
        if let Some(Some(answer)) =
            futures_util::FutureExt::now_or_never(futures_util::StreamExt::next(&mut answers))
        {
            answered.push((kind, answer.payload));
        }
    }
    assert_eq!(answered, []);
}

#[tokio::test]
async fn a_call_of_another_method_is_refused() {
    let scene = Scene::new().await;
    for path in ["/e2e.v1.Probe/Nothing", "/e2e.v1.Other/Who", "/e2e.v1.Probe/ask", ""] {
        let text = scene.refused(open(|open| open.method = method_hash(path)), RefusedReason::Method).await;
        assert!(text.contains(PATH), "{text}");
    }
    assert_eq!(scene.handled.get(), 0);
    scene.still_serves().await;
}

#[tokio::test]
async fn what_is_not_spoken_is_refused() {
    let scene = Scene::new().await;
    scene.refused(open(|open| open.encoding = 2), RefusedReason::Encoding).await;
    scene.refused(open(|open| open.flags = wire::OpenFlags::NO_MESSAGE), RefusedReason::Kind).await;
    scene
        .refused(
            open(|open| open.flags = wire::OpenFlags::SCATTER.with(wire::OpenFlags::NO_MESSAGE)),
            RefusedReason::Kind,
        )
        .await;
    scene.refused(open(|open| open.total_len = 5_000_000), RefusedReason::TooLarge).await;
    assert_eq!(scene.handled.get(), 0);
    scene.still_serves().await;
}

#[tokio::test]
async fn metadata_that_is_not_allowed_is_left_out() {
    let world = World::nats();
    let listing = |request: nats_rpc::Request<e2e::Question>| async move {
        let keys: Vec<_> = request.metadata().iter().map(|(key, _)| key).collect();
        Ok(answer(keys.join(" ")))
    };
    let (client, _server) = world.start(listing).await;
    let nats = Bystander::new(&world).await;
    let open = Open { method: method_hash(PATH), ..Open::default() };
    let metadata =
        [("x-first", &b"1"[..]), ("x-text", b"\xff"), ("x-lines", b"a\nb"), ("x-raw-bin", b"\n\xff")];
    let mut frame = BytesMut::new();
    open.encode(metadata.into_iter(), &[], &mut frame).unwrap();
    let given = nats.request(ASK, &[], frame.freeze()).await;
    let given = Frame::split(&given.payload).unwrap();
    assert_eq!(Answer::decode(given.body).unwrap().text, "x-first x-raw-bin");
    assert_eq!(client.ask(question("")).await.unwrap().into_inner().text, "");
}

#[tokio::test]
async fn without_a_reply_subject_nothing_is_done() {
    let scene = Scene::new().await;
    for payload in
        [open(|_| {}), question("plain").encode_to_vec().into(), Bytes::new(), "\u{2}".into(), "\u{1}".into()]
    {
        scene.nats.publish(ASK, payload).await;
    }
    scene.still_serves().await;
    assert_eq!(scene.handled.get(), 1);
}

#[tokio::test]
async fn noise_is_answered_with_errors() {
    let scene = Scene::new().await;
    let mut state = 0x0123_4567_89ab_cdef_u64;
    for n in 0..600 {
        let mut bytes: Vec<u8> = (0..n % 60 + 2)
            .map(|_| {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                state.to_be_bytes()[0]
            })
            .collect();
        if bytes[0] == wire::VERSION {
            bytes[1] = Kind::Open as u8;
        }
        let given = scene.nats.request(ASK, &[], bytes.clone()).await;
        // A protobuf message by chance is possible, but rare; a panic would be UNKNOWN.
        let code = given.headers.as_ref().and_then(|map| map.get("Nats-Service-Error-Code"));
        assert_ne!(code.map(async_nats::HeaderValue::as_str), Some("2"), "{bytes:?}");
    }
    scene.still_serves().await;
}
