//! `tests/vectors/*.json`, byte for byte, both ways.

use std::path::Path;

use base64::Engine as _;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD_NO_PAD};
use bytes::{Bytes, BytesMut};
use nats_rpc::wire::{
    Data, DataFlags, Frame, FrameView, KEEP_ALIVE, Kind, MAX_SUBJECT, Malformed, NOOP, Open, OpenFlags,
    Profile, Refused, Terminal, TraceContext, batch, is_key, is_stale, messages, plain, profile, token,
};
use prost_reflect::{DeserializeOptions, DynamicMessage};
use serde_json::Value;

mod wire_support;

fn vectors(file: &str) -> Vec<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors").join(file);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let mut file: Value = serde_json::from_str(&text).expect("JSON");
    let Value::Array(vectors) = file["vectors"].take() else { panic!("a list of vectors") };
    assert!(!vectors.is_empty());
    vectors
}

#[track_caller]
fn text<'v>(vector: &'v Value, key: &str) -> &'v str {
    vector[key].as_str().unwrap_or_else(|| panic!("{key} of {vector}"))
}

#[track_caller]
fn number(vector: &Value, key: &str) -> u32 {
    u32::try_from(vector[key].as_u64().unwrap_or_else(|| panic!("{key} of {vector}"))).expect("32 bits")
}

fn unhex(text: &str) -> Bytes {
    assert!(text.len().is_multiple_of(2) && text.bytes().all(|b| b"0123456789abcdef".contains(&b)), "{text}");
    (0..text.len() / 2).map(|i| u8::from_str_radix(&text[2 * i..2 * i + 2], 16).expect("hex")).collect()
}

/// The messages of a frame, as a receiver finds them. A chunk is a part of one and is left alone.
fn messages_of(frame: &Frame) -> Result<Vec<Bytes>, Malformed> {
    let found = match Kind::from_byte(frame.kind) {
        Some(Kind::Open) => {
            let open = Open::decode(&frame.header)?;
            if open.total_len != 0 {
                return Ok(Vec::new());
            }
            messages(&open.lens, open.flags.contains(OpenFlags::NO_MESSAGE), &frame.body)?.collect()
        }
        Some(Kind::Data) => {
            let data = Data::decode(&frame.header)?;
            if data.total_len != 0 {
                return Ok(Vec::new());
            }
            messages(&data.lens, data.flags.contains(DataFlags::NO_MESSAGE), &frame.body)?.collect()
        }
        Some(Kind::Terminal) => {
            let terminal = Terminal::decode(&frame.header)?;
            messages(&Default::default(), !terminal.has_message(), &frame.body)?.collect()
        }
        _ => Vec::new(),
    };
    Ok(found)
}

#[test]
fn frames() {
    let mut kinds = Vec::new();
    for vector in vectors("frames.json") {
        let name = text(&vector, "name");
        let payload = unhex(text(&vector, "hex"));
        assert_eq!(profile(&payload, false), Profile::Native, "{name}");
        let frame = Frame::split(&payload).unwrap_or_else(|e| panic!("{name}: {e}"));
        let kind = Kind::from_byte(frame.kind).expect(name);
        kinds.push(kind);
        assert_eq!(kind.name(), text(&vector, "kind"), "{name}");
        assert_eq!(frame.body, unhex(text(&vector, "body")), "{name}");
        let decode_only = vector["decode_only"] == true;

        let mut encoded = BytesMut::new();
        match wire_support::descriptor(kind) {
            Some(descriptor) => {
                let options = DeserializeOptions::new().deny_unknown_fields(true);
                let json = vector["header"].clone();
                let expected =
                    DynamicMessage::deserialize_with_options(descriptor, json, &options).expect(name);
                let header = wire_support::decode(kind, &frame.header);
                assert_eq!(header, Ok(expected.clone()), "{name}");
                encoded.extend_from_slice(&wire_support::encode(kind, &expected, &frame.body).expect(name));
            }
            None if matches!(kind, Kind::Batch | Kind::Pack) => {
                let listed = vector["items"].as_array().expect(name);
                let items =
                    batch::Items::parse(kind, frame.body.clone()).unwrap_or_else(|e| panic!("{name}: {e}"));
                assert_eq!(items.len(), listed.len(), "{name}");
                batch::begin(kind, &mut encoded);
                for (item, listed) in items.zip(listed) {
                    assert_eq!(item.frame, unhex(text(listed, "frame")), "{name}");
                    assert_eq!(
                        Some(item.token),
                        token::parse_hex(text(listed, "token").as_bytes()),
                        "{name}"
                    );
                    let before = encoded.len();
                    batch::push(item.token, &item.frame, &mut encoded);
                    assert_eq!(encoded.len() - before, batch::item_len(item.frame.len()), "{name}");
                }
            }
            None => encoded.extend_from_slice(if kind == Kind::Noop { &NOOP } else { &KEEP_ALIVE }),
        }
        if decode_only {
            assert_ne!(encoded, payload, "{name} is what would be written: let it be checked");
        } else {
            assert_eq!(encoded, payload, "{name}");
        }
        if let Some(listed) = vector["messages"].as_array() {
            let listed: Vec<_> = listed.iter().map(|hex| unhex(hex.as_str().expect(name))).collect();
            assert_eq!(messages_of(&frame), Ok(listed), "{name}");
        }
    }
    for kind in Kind::ALL {
        assert!(kinds.contains(&kind), "no vector for {}", kind.name());
    }
}

/// Takes a payload apart as far as a receiver does.
fn receive(payload: &Bytes) -> Result<(), Malformed> {
    let frame = Frame::split(payload)?;
    match Kind::from_byte(frame.kind) {
        Some(kind @ (Kind::Batch | Kind::Pack)) => drop(batch::Items::parse(kind, frame.body)?),
        Some(kind) => {
            if wire_support::descriptor(kind).is_some() {
                wire_support::decode(kind, &frame.header)?;
            }
            messages_of(&frame)?;
        }
        None => {}
    }
    Ok(())
}

#[test]
fn malformed() {
    let mut classes = Vec::new();
    for vector in vectors("malformed.json") {
        let name = text(&vector, "name");
        let error = receive(&unhex(text(&vector, "hex"))).expect_err(name);
        assert_eq!(error.reason.name(), text(&vector, "error"), "{name}: {error}");
        classes.push(error.reason);
    }
    for class in nats_rpc::wire::Reason::ALL {
        assert!(classes.contains(&class), "no vector for {}", class.name());
    }
}

#[test]
fn methods() {
    for vector in vectors("methods.json") {
        let path = text(&vector, "path");
        let (service, method) = path.strip_prefix('/').unwrap().split_once('/').unwrap();
        let hash = nats_rpc::spec::method_hash(service, method);
        assert_eq!(format!("{hash:08x}"), text(&vector, "hash"), "{path}");
    }
}

#[test]
fn tokens() {
    for vector in vectors("tokens.json") {
        let form = text(&vector, "text");
        let Some(nonce) = vector["nonce"].as_str() else {
            assert_eq!(token::parse_hex(form.as_bytes()), None, "{form}");
            continue;
        };
        let nonce = u64::from_str_radix(nonce, 16).expect("hex");
        let value = token::new(number(&vector, "slot"), nonce);
        assert_eq!(token::parse_hex(form.as_bytes()), Some(value), "{form}");
        assert_eq!((token::slot(value), token::nonce(value)), (number(&vector, "slot"), nonce), "{form}");
        let mut out = BytesMut::from("_INBOX.c.");
        token::write_hex(value, &mut out);
        assert_eq!(out, format!("_INBOX.c.{form}"));
        assert_eq!(token::of_subject(&out), Some(value));
        assert_eq!(token::of_subject(form.as_bytes()), None, "a subject has more than the token");
    }
}

#[test]
fn profiles() {
    for vector in vectors("profiles.json") {
        let payload = unhex(text(&vector, "hex"));
        let expected = match text(&vector, "profile") {
            "NATIVE" => Profile::Native,
            "PLAIN" => Profile::Plain,
            "UNKNOWN_VERSION" => Profile::UnknownVersion(payload[0]),
            other => panic!("{other}"),
        };
        assert_eq!(profile(&payload, vector["content_type"] == true), expected, "{vector}");
    }
}

#[test]
fn percent() {
    for vector in vectors("percent.json") {
        let (plain_text, encoded) = (text(&vector, "text"), text(&vector, "encoded"));
        assert_eq!(plain::percent_decode(encoded), plain_text);
        if vector["decode_only"] == true {
            assert_ne!(plain::percent_encode(plain_text), encoded);
        } else {
            assert_eq!(plain::percent_encode(plain_text), encoded);
        }
    }
}

#[test]
fn binary_values() {
    let config = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let lenient = GeneralPurpose::new(&base64::alphabet::STANDARD, config);
    for vector in vectors("base64.json") {
        let bytes = unhex(text(&vector, "hex"));
        assert_eq!(STANDARD_NO_PAD.encode(&bytes), text(&vector, "text"));
        let accepted =
            vector["accepted"].as_array().expect("a list").iter().map(|v| v.as_str().expect("text"));
        for form in accepted.chain([text(&vector, "text")]) {
            assert_eq!(lenient.decode(form).expect(form), bytes, "{form}");
        }
    }
}

#[test]
fn codes() {
    for vector in vectors("codes.json") {
        let received = text(&vector, "received");
        assert_eq!(plain::code(received), number(&vector, "code"), "{received:?}");
    }
}

#[test]
fn timeouts() {
    for vector in vectors("timeouts.json") {
        let received = text(&vector, "received");
        let expected = vector["ms"].as_str().map(|ms| ms.parse().expect("a number"));
        assert_eq!(plain::timeout_ms(received), expected, "{received:?}");
    }
}

#[test]
fn headers() {
    for vector in vectors("headers.json") {
        let name = text(&vector, "name");
        assert_eq!(plain::is_metadata(name), vector["metadata"] == true, "{name}");
        assert_eq!(plain::trailer_key(name), vector["trailer"].as_str(), "{name}");
    }
}

#[test]
fn trace() {
    for vector in vectors("trace.json") {
        let traceparent = text(&vector, "traceparent");
        let context = TraceContext::from_traceparent(traceparent);
        let Some(hex) = vector["hex"].as_str() else {
            assert_eq!(context, None, "{traceparent}");
            continue;
        };
        let context = context.expect(traceparent);
        assert_eq!(&context.to_bytes()[..], unhex(hex), "{traceparent}");
        assert_eq!(TraceContext::parse(&unhex(hex)), Some(context), "{traceparent}");
        assert_eq!(context.is_sampled(), vector["sampled"] == true, "{traceparent}");
        if vector["text_only"] != true {
            assert_eq!(context.to_traceparent(), traceparent);
        }
    }
}

#[test]
fn staleness() {
    for vector in vectors("staleness.json") {
        let (now, sent) = (number(&vector, "now_ms"), number(&vector, "sent_ms"));
        let timeout = vector["timeout_us"].as_u64().expect("a number");
        assert_eq!(is_stale(now, sent, timeout), vector["stale"] == true, "{vector}");
    }
}

#[test]
fn subjects() {
    for vector in vectors("subjects.json") {
        let prefix = text(&vector, "prefix");
        assert_eq!(prefix, format!("svc.{}", text(&vector, "service")));
        for (name, subject) in vector.as_object().expect("an object") {
            let subject = subject.as_str().expect("text");
            let inside = subject.strip_prefix(prefix).is_some_and(|rest| rest.starts_with('.'));
            assert!(inside || ["service", "prefix", "reply", "token"].contains(&name.as_str()), "{name}");
            assert!(subject.len() <= MAX_SUBJECT);
        }
        let token = token::of_subject(text(&vector, "reply").as_bytes());
        assert_eq!(token, token::parse_hex(text(&vector, "token").as_bytes()));
        assert!(token.is_some());
    }
}

#[test]
fn plain_exchanges() {
    for vector in vectors("plain.json") {
        let name = text(&vector, "name");
        for (side, message) in [("request", &vector["request"]), ("reply", &vector["reply"])] {
            let payload = unhex(text(message, "hex"));
            let headers: Vec<(&str, &str)> = message["headers"]
                .as_array()
                .expect(name)
                .iter()
                .map(|pair| (pair[0].as_str().expect(name), pair[1].as_str().expect(name)))
                .collect();
            let has =
                |wanted: &str| headers.iter().find(|(name, _)| *name == wanted).map(|(_, value)| *value);
            assert_eq!(profile(&payload, has(plain::CONTENT_TYPE).is_some()), Profile::Plain, "{name}");
            assert!(
                !payload.is_empty() || !headers.is_empty() || side == "request",
                "{name}: nothing at all"
            );
            for (header, value) in &headers {
                let key = plain::trailer_key(header).or(plain::is_metadata(header).then_some(*header));
                assert!(key.is_none_or(|key| is_key(key.to_lowercase().as_bytes())), "{name}: {header}");
                assert!(value.bytes().all(|b| matches!(b, 0x20..=0x7e)), "{name}: {header}");
            }
            if let Some(timeout) = has(plain::TIMEOUT) {
                assert_eq!(plain::timeout_ms(timeout), Some(1000));
            }
            if side == "reply" && !vector["error"].is_null() {
                let error = &vector["error"];
                let message = has(plain::ERROR).expect(name);
                assert_eq!(plain::percent_decode(message), text(error, "message"), "{name}");
                assert_eq!(plain::percent_encode(text(error, "message")), message, "{name}");
                assert_eq!(plain::code(has(plain::ERROR_CODE).expect(name)), number(error, "code"), "{name}");
                let details = STANDARD_NO_PAD.decode(has(plain::DETAILS).expect(name)).expect(name);
                assert_eq!(details, unhex(text(error, "status_hex")), "{name}");
            }
        }
    }
}

/// The examples of the specification are vectors, digit for digit.
#[test]
fn the_specification_shows_vectors() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/wire.md");
    let spec = std::fs::read_to_string(path).expect("the specification");
    let digits: String = spec
        .lines()
        .filter_map(|line| line.strip_prefix("    0x"))
        .flat_map(|line| {
            line.split_once("  ").expect("an offset").1.split("   ").next().expect("bytes").chars()
        })
        .filter(|c| !c.is_whitespace())
        .collect();
    for name in ["open_minimal", "terminal_minimal", "terminal_error"] {
        let all = vectors("frames.json");
        let vector = all.iter().find(|v| v["name"] == name).expect(name);
        assert!(digits.contains(text(vector, "hex")), "{name} is not in docs/wire.md");
    }
}

#[test]
fn a_refusal_is_always_sent() {
    let long = "ø".repeat(40_000);
    let mut out = BytesMut::new();
    let versions = [u32::MAX; 9000];
    let refused = Refused {
        versions: nats_rpc::wire::Numbers::from_slice(&versions),
        ..Refused::new(nats_rpc::wire::RefusedReason::Kind, &long)
    };
    refused.encode(&mut out);
    let view = FrameView::split(&out).expect("a frame");
    let back = Refused::decode(view.header).expect("a header");
    assert_eq!(back.reason, nats_rpc::wire::RefusedReason::Kind);
    assert_eq!(back.message, "ø".repeat(512));
}
