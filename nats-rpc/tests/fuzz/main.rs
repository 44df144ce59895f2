//! Reading whatever comes in: no panic, no memory by a claimed length, and what was read can be sent on.
//!
//! All of it takes about a minute. `PROPTEST_CASES` sets how many cases each test tries, for longer runs. This is a
//! program of its own because it counts allocations.

mod caller;
mod damage;
mod flood;
mod forged;
mod generate;
mod read;
mod responder;
mod scene;
#[path = "../streams/service.rs"]
mod service;
#[path = "../wire_support/mod.rs"]
mod wire_support;

use std::cell::Cell;
use std::io::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use allocation_counter::{AllocationInfo, measure};
use bytes::Bytes;
use nats_rpc::wire::{Frame, Kind, MAX_HEADER, MAX_REFUSED_MESSAGE, TraceContext, batch, plain, token};
use proptest::prelude::*;
use proptest::test_runner::{TestCaseResult, TestRunner};

/// Tries as many cases as this, or as the environment says, and tells how many it were.
fn check<S: Strategy>(name: &str, cases: u32, strategy: S, test: impl Fn(S::Value) -> TestCaseResult) -> u32 {
    let cases =
        std::env::var("PROPTEST_CASES").map_or(cases, |text| text.parse().expect("a number of cases"));
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(cases) };
    let tried = Cell::new(0_u32);
    let outcome = TestRunner::new(config).run(&strategy, |value| {
        tried.set(tried.get() + 1);
        test(value)
    });
    outcome.unwrap_or_else(|error| panic!("{name}: {error}"));
    assert_eq!(tried.get(), cases);
    // Past what the harness holds back of tests that pass.
    let _ = writeln!(std::io::stderr(), "{name}: {cases} cases");
    cases
}

/// What this does, and what it allocates meanwhile.
fn counted<T>(work: impl FnOnce() -> T) -> (T, AllocationInfo) {
    let mut outcome = None;
    // A panic that came through the counter would leave it counting, and it ends the process in the end.
    let used = measure(|| outcome = Some(catch_unwind(AssertUnwindSafe(work))));
    match outcome.expect("it was done") {
        Ok(value) => (value, used),
        Err(panic) => resume_unwind(panic),
    }
}

/// Reads everything that there is to read. Nothing is allocated for it, whatever lengths are claimed, and the work
/// is in proportion.
fn is_read_without_harm(payload: Vec<u8>) -> TestCaseResult {
    let payload = Bytes::from(payload);
    // The first clone of bytes that were a vector makes them shared, which is not the decoder's doing.
    let _shared = payload.clone();
    let (items, used) = counted(|| read::everything(&payload));
    prop_assert_eq!(used, AllocationInfo::default());
    prop_assert!(items <= 60 * (payload.len() + 1), "{} items of {} bytes", items, payload.len());
    Ok(())
}

#[test]
fn any_bytes() {
    check("any bytes", 20_000, generate::bytes(300), is_read_without_harm);
}

#[test]
fn damaged_frames() {
    check("damaged frames", 25_000, damage::damaged(generate::known()), is_read_without_harm);
}

#[test]
fn made_up_frames() {
    check("made up frames", 12_000, generate::frame(), is_read_without_harm);
}

#[test]
fn damaged_frames_that_were_made_up() {
    check("damaged made up frames", 8_000, damage::damaged(generate::frame()), is_read_without_harm);
}

#[test]
fn headers_around_the_limit() {
    check("large headers", 1_000, generate::large_header(), |header| {
        prop_assert!(header.len() > MAX_HEADER / 2);
        is_read_without_harm(header)
    });
}

#[test]
fn damaged_batches() {
    check("damaged batches", 8_000, damage::damaged(generate::batch()), is_read_without_harm);
}

#[test]
fn bodies_of_several_messages() {
    check("bodies", 8_000, generate::several_messages(), is_read_without_harm);
}

/// What a header says comes back when it is sent on, and then stays the same byte by byte.
#[test]
fn what_was_read_can_be_sent_on() {
    let header = prop_oneof![4 => generate::header(), 1 => generate::large_header()];
    let read = Cell::new(0_u32);
    let cases = check("headers sent on", 8_000, header, |header| {
        for (kind, name) in wire_support::KINDS {
            let Ok(message) = wire_support::decode(kind, &header) else { continue };
            read.set(read.get() + 1);
            let too_long = kind == Kind::Refused
                && message.get_field_by_name("message").unwrap().as_str().unwrap().len()
                    > MAX_REFUSED_MESSAGE;
            let Ok(sent) = wire_support::encode(kind, &message, b"body") else {
                // A list of one number is longer when it is packed.
                prop_assert!(header.len() > MAX_HEADER - 8, "{} does not fit", name);
                continue;
            };
            let frame = Frame::split(&sent.clone().into()).expect("it is a frame");
            prop_assert_eq!(frame.kind, kind.as_byte());
            let again = wire_support::decode(kind, &frame.header).expect("it reads");
            if !too_long {
                prop_assert_eq!(&again, &message);
            }
            prop_assert_eq!(wire_support::encode(kind, &again, b"body").expect("it fits"), sent);
        }
        Ok(())
    });
    assert!(read.get() > cases / 2, "only {} headers of {cases} could be read", read.get());
}

#[test]
fn a_batch_that_was_read_can_be_sent_on() {
    let read = Cell::new(0_u32);
    let cases = check("batches sent on", 5_000, generate::batch(), |payload| {
        let Ok(frame) = Frame::split(&payload.into()) else { return Ok(()) };
        let Some(kind @ (Kind::Batch | Kind::Pack)) = Kind::from_byte(frame.kind) else { return Ok(()) };
        let Ok(items) = batch::Items::parse(kind, frame.body) else { return Ok(()) };
        read.set(read.get() + 1);
        let mut out = bytes::BytesMut::new();
        batch::begin(kind, &mut out);
        items.clone().for_each(|item| batch::push(item.token, &item.frame, &mut out));
        let sent = Frame::split(&out.freeze()).expect("it is a frame");
        let again = batch::Items::parse(kind, sent.body).expect("it reads");
        prop_assert!(again.eq(items));
        Ok(())
    });
    assert!(cases < 1_000 || read.get() > cases / 10, "only {} batches of {cases} could be read", read.get());
}

#[test]
fn texts_of_the_plain_profile() {
    check("texts", 20_000, generate::text(), |text| {
        let ((), used) = counted(|| read::words(&text));
        prop_assert_eq!(used, AllocationInfo::default());
        let (_, used) = counted(|| plain::percent_decode(&text).into_owned());
        prop_assert!(used.bytes_max <= 8 * text.len() as u64 + 64, "{:?} for {} bytes", used, text.len());
        let (encoded, used) = counted(|| plain::percent_encode(&text).into_owned());
        prop_assert!(used.bytes_max <= 8 * text.len() as u64 + 64, "{:?} for {} bytes", used, text.len());
        prop_assert_eq!(plain::percent_decode(&encoded), &text[..]);
        prop_assert!((1..=16).contains(&plain::code(&text)));
        if let Some(context) = TraceContext::from_traceparent(&text) {
            prop_assert_eq!(TraceContext::from_traceparent(&context.to_traceparent()), Some(context));
            prop_assert_eq!(TraceContext::parse(&context.to_bytes()), Some(context));
        }
        if let Some(value) = token::of_subject(text.as_bytes()) {
            prop_assert!(text.as_bytes().ends_with(&token::to_hex(value)));
        }
        Ok(())
    });
}

#[test]
fn forgers_call_a_service() {
    let accepted = Cell::new(0_u32);
    let cases = check("forging callers", 1_000, caller::case(), |(openings, steps)| {
        accepted.set(accepted.get() + caller::harms_no_server(&openings, &steps)?);
        Ok(())
    });
    assert!(accepted.get() > cases / 2, "only {} calls in {cases} cases were accepted", accepted.get());
}

#[test]
fn forgers_answer_a_caller() {
    let answered = Cell::new(0_u32);
    let cases = check("forging services", 1_000, responder::case(), |(asked, steps)| {
        answered.set(answered.get() + responder::harms_no_client(&asked, &steps)?);
        Ok(())
    });
    assert!(answered.get() > cases / 2, "only {} calls in {cases} cases were answered", answered.get());
}

/// The audit could find only one of them.
#[test]
fn one_handle_for_two_calls_lets_neither_hang() -> TestCaseResult {
    for (first, second) in (0..4).flat_map(|first| (0..4).map(move |second| (first, second))) {
        let (asked, steps) = responder::one_handle_for_two(first, second);
        let _: u32 = responder::harms_no_client(&asked, &steps)?;
    }
    Ok(())
}

/// Of a first window of 16 KiB, or of a message in chunks of 4 MiB. What is kept of a frame is more than its body.
#[test]
fn no_flood_is_kept() {
    let floods: [(&str, flood::Flood, u64); 5] = [
        ("in order", (flood::in_order, 4_000), 50_000),
        ("repeated", (flood::repeated, 4_000), 10_000),
        // 33 frames without bytes, with the lengths of 16,000 messages each.
        ("of nothing", (flood::of_nothing, 0), 33 * 16_000 * 4 + 400_000),
        ("of one too large", (flood::of_one_too_large, 4_000), 50_000),
        ("of chunks", (flood::of_chunks, 4_000), 8_000_000),
    ];
    for (name, flood, most) in floods {
        let once = (flood::repeated as fn(u64) -> _, flood.1);
        for (side, pour) in
            [("server", flood::towards_a_server as fn(flood::Flood)), ("client", flood::towards_a_client)]
        {
            let ((), idle) = counted(|| pour(once));
            let ((), used) = counted(|| pour(flood));
            let kept = used.bytes_max.saturating_sub(idle.bytes_max);
            assert!(kept <= most, "a {side} keeps {kept} bytes of a flood {name}");
        }
    }
}

/// Were the counter not at work, the tests above would show nothing.
#[test]
fn allocations_are_counted() {
    let ((), used) = counted(|| drop(std::hint::black_box(vec![0_u8; 1000])));
    assert_eq!((used.count_total, used.bytes_max), (1, 1000));
}
