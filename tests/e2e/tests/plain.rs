//! Calls by NATS clients that know nothing of nats-rpc.

use std::time::{Duration, Instant};

use async_nats::Message;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use e2e::{Answer, Bystander, Count, LONG, Outcome, Question, World, answer, question};
use nats_rpc::details::{self, BadRequest, ErrorInfo};
use nats_rpc::server::Handle;
use nats_rpc::{Metadata, Request, Server, Status};
use prost::Message as _;
use serde_json::{Value, json};

const ASK: &str = "svc.e2e.v1.Probe.Ask";
const JSON: (&str, &str) = ("Content-Type", "application/json");

async fn start<F, Fut>(handler: F) -> (World, Bystander, Handle)
where
    F: Fn(Request<Question>) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Outcome> + Send + 'static,
{
    let world = World::nats();
    let server = world.serve(e2e::probe(handler)).await;
    let nats = Bystander::new(&world).await;
    (world, nats, server)
}

/// Says everything again.
async fn echo(request: Request<Question>) -> Outcome {
    let asked = request.into_inner();
    Ok(Answer { text: asked.text, big_number: asked.big_number, raw_bytes: asked.raw_bytes }.into())
}

fn header<'a>(message: &'a Message, name: &str) -> Option<&'a str> {
    all(message, name).first().copied()
}

fn all<'a>(message: &'a Message, name: &str) -> Vec<&'a str> {
    let values = message.headers.iter().flat_map(|map| map.get_all(name));
    values.map(async_nats::HeaderValue::as_str).collect()
}

/// Code and text of an error, as sent.
fn error(message: &Message) -> (&str, &str) {
    assert!(message.payload.is_empty(), "no error: {message:?}");
    (header(message, "Nats-Service-Error-Code").unwrap(), header(message, "Nats-Service-Error").unwrap())
}

fn no_error(message: &Message) {
    assert_eq!(header(message, "Nats-Service-Error"), None);
    assert_eq!(header(message, "Nats-Service-Error-Code"), None);
}

#[tokio::test]
async fn a_protobuf_body() {
    let (_world, nats, _server) = start(echo).await;
    let asked = Question { text: "λ".into(), big_number: -1, raw_bytes: vec![0, 255] };
    for content_type in [None, Some("application/protobuf"), Some("application/x-protobuf")] {
        let headers: Vec<_> = content_type.map(|value| ("Content-Type", value)).into_iter().collect();
        let given = nats.request(ASK, &headers, asked.encode_to_vec()).await;
        no_error(&given);
        assert_eq!(header(&given, "Content-Type"), content_type);
        let given = Answer::decode(given.payload).unwrap();
        assert_eq!((&*given.text, given.big_number, &given.raw_bytes[..]), ("λ", -1, &[0, 255][..]));
    }
}

#[tokio::test]
async fn an_empty_body_is_an_empty_message() {
    let (_world, nats, _server) = start(echo).await;
    let given = nats.request(ASK, &[], "").await;
    no_error(&given);
    assert_eq!(Answer::decode(given.payload.clone()).unwrap(), Answer::default());
    // Without a header, it could not be told from "no responders" or an acknowledgement.
    assert_eq!(header(&given, "Content-Type"), Some("application/protobuf"));
}

#[tokio::test]
async fn a_json_body() {
    let (_world, nats, _server) = start(echo).await;
    let asked =
        json!({"text": "λ\n", "bigNumber": "9007199254740993", "rawBytes": STANDARD.encode([0, 250, 255])});
    for content_type in ["application/json", "application/json; charset=utf-8", "Application/JSON"] {
        let given = nats.request(ASK, &[("content-type", content_type)], asked.to_string()).await;
        no_error(&given);
        assert_eq!(header(&given, "Content-Type"), Some(content_type));
        assert_eq!(serde_json::from_slice::<Value>(&given.payload).unwrap(), asked);
    }
}

#[tokio::test]
async fn json_may_be_written_in_other_ways() {
    let (_world, nats, _server) = start(echo).await;
    // Names as in the .proto, a number as a number, base64 for URLs.
    let asked = r#" { "big_number": -12, "raw_bytes": "-_8", "text": null } "#;
    let given = nats.request(ASK, &[JSON], asked).await;
    let given: Value = serde_json::from_slice(&given.payload).unwrap();
    assert_eq!(given, json!({"bigNumber": "-12", "rawBytes": "+/8="}));
    let given = nats.request(ASK, &[JSON], "{}").await;
    assert_eq!(&given.payload[..], b"{}");
}

#[tokio::test]
async fn json_that_is_wrong_is_an_error_that_says_where() {
    let handled = Count::new();
    let counted = handled.clone();
    let (_world, nats, _server) = start(move |request| {
        counted.add();
        echo(request)
    })
    .await;
    for (asked, named) in [
        (r#"{"text": "x", "tetx": "y"}"#, "tetx"),
        (r#"{"bigNumber": "many"}"#, "e2e.v1.Question"),
        (r#"{"text": 7}"#, "e2e.v1.Question"),
        (r#"{"rawBytes": "***"}"#, "e2e.v1.Question"),
        ("{", "e2e.v1.Question"),
        ("", "e2e.v1.Question"),
        ("{} {}", "e2e.v1.Question"),
        ("[]", "e2e.v1.Question"),
        ("null", "e2e.v1.Question"),
        ("\u{0}", "e2e.v1.Question"),
    ] {
        let given = nats.request(ASK, &[JSON], asked).await;
        let (code, text) = error(&given);
        assert_eq!(code, "13", "{asked}: {text}");
        assert!(text.contains(named), "{asked}: {text}");
    }
    assert_eq!(handled.get(), 0);
}

#[tokio::test]
async fn a_body_of_an_unknown_type_is_unimplemented() {
    let (_world, nats, _server) = start(echo).await;
    let given = nats.request(ASK, &[("Content-Type", "text/csv")], "").await;
    assert_eq!(error(&given).0, "12");
}

#[tokio::test]
async fn a_body_that_does_not_decode_is_an_error() {
    let (_world, nats, _server) = start(echo).await;
    for body in [&b"\xff\xff\xff"[..], b"\x0a\x05abc", b"hello world"] {
        let given = nats.request(ASK, &[], body.to_vec()).await;
        assert_eq!(error(&given).0, "13", "{body:?}");
    }
}

#[tokio::test]
async fn an_error_is_in_the_headers() {
    let (_world, nats, _server) = start(|request| async move {
        let (mut head, mut trailers) = (Metadata::new(), Metadata::new());
        head.insert("x-where", "before")?;
        trailers.insert("x-where", "after")?;
        Err(Status::not_found(request.into_inner().text)
            .with_response_metadata(head)
            .with_metadata(trailers)
            .with_detail(&BadRequest::violation("text", "is too long"))
            .with_detail(&ErrorInfo::new("WHY", "e2e")))
    })
    .await;
    let given = nats.request(ASK, &[], question("two\nlines, 100%\u{7f} ü 🦀").encode_to_vec()).await;
    assert_eq!(error(&given), ("5", "two%0Alines, 100%25%7F %C3%BC %F0%9F%A6%80"));
    assert_eq!(header(&given, "x-where"), Some("before"));
    assert_eq!(header(&given, "Nats-Rpc-Trailer-x-where"), Some("after"));
    let packed = STANDARD_NO_PAD.decode(header(&given, "Nats-Rpc-Details-Bin").unwrap()).unwrap();
    let packed = details::Status::decode(&packed[..]).unwrap();
    assert_eq!((packed.code, &*packed.message), (5, "two\nlines, 100%\u{7f} ü 🦀"));
    assert_eq!(packed.details[0].to_msg(), Ok(BadRequest::violation("text", "is too long")));
    assert_eq!(packed.details[1].to_msg(), Ok(ErrorInfo::new("WHY", "e2e")));
    // Spaces at the edges survive.
    let given = nats.request(ASK, &[], question(" x ").encode_to_vec()).await;
    assert_eq!(error(&given), ("5", "%20x%20"));
}

#[tokio::test]
async fn an_error_without_details_has_no_header_for_them() {
    let (_world, nats, _server) = start(|_| async { Err(Status::unauthenticated("")) }).await;
    let given = nats.request(ASK, &[JSON], "{}").await;
    assert_eq!(error(&given), ("16", ""));
    assert_eq!(header(&given, "Nats-Rpc-Details-Bin"), None);
}

#[tokio::test]
async fn a_panic_is_unknown() {
    let (_world, nats, _server) = start(|_| async { panic!("a secret") }).await;
    for headers in [&[][..], &[JSON]] {
        let given =
            nats.request(ASK, headers, "{}".replace("{}", if headers.is_empty() { "" } else { "{}" })).await;
        let (code, text) = error(&given);
        assert_eq!(code, "2");
        assert!(!text.contains("secret"), "{text}");
    }
}

#[tokio::test]
async fn metadata_goes_both_ways() {
    let every_byte: Vec<u8> = (0..=255).collect();
    let expected = every_byte.clone();
    let (_world, nats, _server) = start(move |request| {
        let expected = expected.clone();
        async move {
            let metadata = request.metadata();
            assert_eq!(metadata.get_all("x-key").collect::<Vec<_>>(), ["1", "2, 3"]);
            assert_eq!(
                metadata.get_all_bin("x-raw-bin").collect::<Vec<_>>(),
                [&expected[..], &[1], &[2, 3], &[]]
            );
            assert_eq!(metadata.get("nats-rpc-timeout"), None);
            assert_eq!(metadata.len(), 6, "{metadata:?}");
            let mut given = answer("yes");
            given.metadata_mut().append("x-key", "1")?;
            given.metadata_mut().append("x-key", "2")?;
            given.metadata_mut().append_bin("x-raw-bin", expected.clone())?;
            given.trailers_mut().append("x-key", "3")?;
            given.trailers_mut().append_bin("x-raw-bin", vec![1])?;
            Ok(given)
        }
    })
    .await;
    let headers = [
        ("X-Key", "1"),
        ("X-Key", "2, 3"),
        ("X-Raw-Bin", &*STANDARD.encode(&every_byte)),
        // With and without padding, several in one; and an empty one.
        ("X-Raw-Bin", "AQ==,AgM"),
        ("X-Raw-Bin", ""),
        ("Nats-Rpc-Timeout", "20000"),
        ("Nats-Msg-Id", "7"),
    ];
    let given = nats.request(ASK, &headers, "").await;
    no_error(&given);
    assert_eq!(all(&given, "x-key"), ["1", "2"]);
    assert_eq!(STANDARD_NO_PAD.decode(header(&given, "x-raw-bin").unwrap()).unwrap(), every_byte);
    assert_eq!(all(&given, "Nats-Rpc-Trailer-x-key"), ["3"]);
    assert_eq!(header(&given, "Nats-Rpc-Trailer-x-raw-bin"), Some("AQ"));
}

#[tokio::test]
async fn bytes_that_are_no_base64_are_an_error() {
    let (_world, nats, _server) = start(echo).await;
    let given = nats.request(ASK, &[("x-raw-bin", "***")], "").await;
    let (code, text) = error(&given);
    assert!(code == "13" && text.contains("x-raw-bin"), "{code} {text}");
}

#[tokio::test]
async fn headers_that_can_not_be_metadata_are_left_out() {
    let (_world, nats, _server) = start(|request| async move {
        let mut keys: Vec<_> = request.metadata().iter().map(|(key, _)| key).collect();
        // NATS keeps the order of one name's values, not that of names.
        keys.sort_unstable();
        Ok(answer(keys.join(" ")))
    })
    .await;
    let headers = [("x-first", "1"), ("x-text", "ü"), ("x/path", "1"), ("x-last", "2")];
    let given = nats.request(ASK, &headers, "").await;
    assert_eq!(Answer::decode(given.payload).unwrap().text, "x-first x-last");
}

#[tokio::test]
async fn the_timeout_is_honoured() {
    let ended = Count::new();
    let ends = ended.clone();
    let (_world, nats, _server) = start(move |request| {
        let guard = ends.guard();
        async move {
            let left = request.context().time_remaining().unwrap();
            if request.get_ref().text == "stay" {
                let _guard = guard;
                std::future::pending::<()>().await;
            }
            Ok(Answer { big_number: i64::try_from(left.as_millis()).unwrap(), ..Answer::default() }.into())
        }
    })
    .await;
    let begin = Instant::now();
    let given = nats.request(ASK, &[("nats-rpc-timeout", "200")], question("stay").encode_to_vec()).await;
    assert_eq!(error(&given).0, "4");
    assert!(begin.elapsed() < LONG / 2, "{:?}", begin.elapsed());
    ended.reach(1).await;
    for (headers, most) in [(&[][..], 10_000), (&[("Nats-Rpc-Timeout", "3000000")][..], 3_000_000)] {
        let given = nats.request(ASK, headers, "").await;
        let left = Answer::decode(given.payload).unwrap().big_number;
        assert!(left <= most && left > most - 60_000, "{left} of {most}");
    }
    for wrong in ["soon", "-1", "1.5", ""] {
        let given = nats.request(ASK, &[("Nats-Rpc-Timeout", wrong)], "").await;
        assert_eq!(error(&given).0, "13", "{wrong:?}");
    }
}

#[tokio::test]
async fn the_default_timeout_can_be_set() {
    let world = World::nats();
    let service = e2e::probe(|_| async { std::future::pending().await });
    let server = Server::builder().add_service(service).plain_timeout(Duration::from_millis(100));
    let _server = server.start(world.connect().await).await.unwrap();
    let given = Bystander::new(&world).await.request(ASK, &[JSON], "{}").await;
    assert_eq!(error(&given).0, "4");
    assert_eq!(header(&given, "Content-Type"), None);
}

#[tokio::test]
async fn what_is_too_large_is_an_error() {
    let (_world, nats, _server) = start(|request| async move {
        let asked = request.into_inner();
        if asked.text == "metadata" {
            let mut given = answer("");
            given.metadata_mut().insert("x-large", "x".repeat(2 * 1024 * 1024))?;
            return Ok(given);
        }
        Ok(Answer { raw_bytes: vec![7; asked.big_number.try_into().unwrap()], ..Answer::default() }.into())
    })
    .await;
    // Base64 makes it too large.
    for (headers, len, fits) in
        [(&[][..], 900_000, true), (&[JSON][..], 900_000, false), (&[][..], 2_000_000, false)]
    {
        let body = match headers {
            [] => Question { big_number: len, ..Question::default() }.encode_to_vec(),
            _ => json!({"bigNumber": len}).to_string().into_bytes(),
        };
        let given = nats.request(ASK, headers, body).await;
        assert_eq!(header(&given, "Nats-Service-Error-Code"), (!fits).then_some("8"), "{len}");
    }
    let given = nats.request(ASK, &[], question("metadata").encode_to_vec()).await;
    assert_eq!(error(&given).0, "8");
    let given = nats.request(ASK, &[], "").await;
    no_error(&given);
}
