//! Whatever comes in: no panic, no answer out of proportion; whatever goes out comes back.

use bytes::{Bytes, BytesMut};
use nats_rpc::wire::{
    Accept, Cancel, Credit, Data, DataFlags, Encoding, Features, Frame, FrameView, Head, Kind, Leaving,
    LeavingState, MAX_HEADER, Numbers, Open, OpenFlags, Ping, Pong, Profile, Reason, Refused, RefusedReason,
    Retry, Serves, Terminal, TerminalFlags, TerminalReason, TraceContext, VERSION, Via, batch, is_key,
    is_stale, messages, plain, profile, token,
};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

type Pair = (String, Vec<u8>);

fn borrowed(pairs: &[Pair]) -> impl Iterator<Item = (&str, &[u8])> + Clone {
    pairs.iter().map(|(text, value)| (text.as_str(), value.as_slice()))
}

fn owned<'a>(pairs: impl Iterator<Item = (&'a str, &'a [u8])>) -> Vec<Pair> {
    pairs.map(|(text, value)| (text.to_owned(), value.to_vec())).collect()
}

fn metadata() -> impl Strategy<Value = Vec<Pair>> {
    vec(("[0-9a-z_.-]{1,12}", vec(any::<u8>(), 0..20)), 0..6)
}

fn details() -> impl Strategy<Value = Vec<Pair>> {
    vec(("\\PC{0,12}", vec(any::<u8>(), 0..20)), 0..4)
}

fn instance() -> impl Strategy<Value = String> {
    "[0-9A-Za-z_-]{0,64}"
}

/// A frame, as written and then taken apart.
fn split(out: BytesMut) -> Frame {
    Frame::split(&out.freeze()).expect("what was written is a frame")
}

/// Reads everything that there is to read. Returns how many things there were, for the bound.
fn read_all(payload: &Bytes) -> usize {
    for has_content_type in [false, true] {
        let _ = profile(payload, has_content_type);
    }
    let mut read = 0;
    if let Ok(frame) = Frame::split(payload) {
        assert_eq!(profile(payload, false), Profile::Native);
        assert!(frame.header.len() <= MAX_HEADER);
        assert!(frame.header.len() + frame.body.len() + 3 <= payload.len());
        for kind in [Kind::Batch, Kind::Pack] {
            if let Ok(items) = batch::Items::parse(kind, frame.body.clone()) {
                let len = items.len();
                assert_eq!(items.count(), len);
                read += len;
            }
        }
        read += read_header(&frame.header, &frame.body);
    }
    read + read_header(payload, payload)
}

/// Reads a header as each kind. What decodes can be walked to its end, and its length is as it said.
fn read_header(header: &[u8], body: &Bytes) -> usize {
    fn walk<T>(list: impl ExactSizeIterator<Item = T>) -> usize {
        let len = list.len();
        assert_eq!(list.count(), len);
        len
    }
    let mut read = 0;
    if let Ok(open) = Open::decode(header) {
        assert!(open.metadata.clone().all(|(key, _)| is_key(key.as_bytes())));
        for no_message in [false, true] {
            if let Ok(found) = messages(&open.lens, no_message, body) {
                let total: usize = found.clone().map(|message| message.len()).sum();
                assert_eq!(total, body.len());
                walk(found);
            }
        }
        read += walk(open.metadata) + walk(open.lens);
        let _ = TraceContext::parse(open.trace);
    }
    if let Ok(terminal) = Terminal::decode(header) {
        read += walk(terminal.details) + walk(terminal.head) + walk(terminal.trailers);
    }
    if let Ok(ping) = Ping::decode(header) {
        read += ping.entries().count() + walk(ping.handles);
    }
    if let Ok(pong) = Pong::decode(header) {
        read += pong.entries().count() + walk(pong.handles) + walk(pong.unknown) + walk(pong.unlisted);
    }
    read += Accept::decode(header).map_or(0, |_| 1);
    read += Refused::decode(header).map_or(0, |refused| walk(refused.versions));
    read += Head::decode(header).map_or(0, |head| walk(head.metadata));
    read += Data::decode(header).map_or(0, |data| walk(data.lens));
    read += Credit::decode(header).map_or(0, |_| 1);
    read += Cancel::decode(header).map_or(0, |cancel| walk(cancel.handles));
    read + Leaving::decode(header).map_or(0, |_| 1)
}

fn some_frame() -> impl Strategy<Value = Vec<u8>> {
    let open = (any::<u64>(), metadata(), vec(any::<u32>(), 0..5), vec(any::<u8>(), 0..40)).prop_map(
        |(timeout_us, metadata, lens, body)| {
            let mut out = BytesMut::new();
            let open = Open { timeout_us, lens: Numbers::from_slice(&lens), ..Open::default() };
            open.encode(borrowed(&metadata), &body, &mut out).expect("it fits");
            out.to_vec()
        },
    );
    let terminal = (any::<u32>(), details(), metadata(), metadata(), "\\PC{0,20}").prop_map(
        |(code, details, head, trailers, message)| {
            let mut out = BytesMut::new();
            let terminal = Terminal { code, message: &message, ..Terminal::default() };
            let (details, head, trailers) = (borrowed(&details), borrowed(&head), borrowed(&trailers));
            terminal.encode(details, head, trailers, b"", &mut out).expect("it fits");
            out.to_vec()
        },
    );
    let pong = (vec(any::<u64>(), 0..6), vec(any::<u64>(), 0..6), instance()).prop_map(
        |(list, unknown, instance)| {
            let mut out = BytesMut::new();
            let pong = Pong {
                instance: &instance,
                handles: Numbers::from_slice(&list),
                sent: Numbers::from_slice(&list),
                received: Numbers::from_slice(&list),
                credit: Numbers::from_slice(&list),
                unknown: Numbers::from_slice(&unknown),
                ..Pong::default()
            };
            pong.encode(&mut out).expect("it fits");
            out.to_vec()
        },
    );
    let single = prop_oneof![open, terminal, pong];
    let batch =
        (vec((any::<u64>(), vec(any::<u8>(), 0..20)), 0..20), any::<bool>()).prop_map(|(items, pack)| {
            let mut out = BytesMut::new();
            batch::begin(if pack { Kind::Pack } else { Kind::Batch }, &mut out);
            items.iter().for_each(|(token, frame)| batch::push(*token, frame, &mut out));
            out.to_vec()
        });
    prop_oneof![3 => single, 1 => batch]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1_000) })]

    #[test]
    fn any_bytes_are_read_without_harm(payload in vec(any::<u8>(), 0..600)) {
        let payload = Bytes::from(payload);
        prop_assert!(read_all(&payload) <= 40 * (payload.len() + 1));
    }

    #[test]
    fn bytes_that_look_like_fields_are_read_without_harm(
        fields in vec((1..20_u32, prop::sample::select(vec![0_u8, 1, 2, 5]), vec(any::<u8>(), 0..12)), 0..20)
    ) {
        let mut header = Vec::new();
        for (number, wire_type, bytes) in fields {
            prost::encoding::encode_varint(u64::from(number << 3) | u64::from(wire_type), &mut header);
            match wire_type {
                0 => prost::encoding::encode_varint(bytes.iter().fold(0, |n, b| n << 8 | u64::from(*b)), &mut header),
                1 => header.extend_from_slice(&[7; 8]),
                2 => {
                    prost::encoding::encode_varint(bytes.len() as u64, &mut header);
                    header.extend_from_slice(&bytes);
                }
                _ => header.extend_from_slice(&[9; 4]),
            }
        }
        let payload = Bytes::from(header);
        prop_assert!(read_all(&payload) <= 40 * (payload.len() + 1));
    }

    #[test]
    fn damaged_frames_are_read_without_harm(
        frame in some_frame(),
        damage in vec((any::<Index>(), any::<u8>(), 0..3_u8), 1..6),
        cut in any::<Index>(),
        is_cut in any::<bool>(),
    ) {
        let mut frame = frame;
        for (at, byte, what) in damage {
            let at = at.index(frame.len());
            match what {
                0 => frame[at] = byte,
                1 => frame.insert(at, byte),
                _ if frame.len() > 1 => drop(frame.remove(at)),
                _ => {}
            }
        }
        if is_cut {
            frame.truncate(cut.index(frame.len()));
        }
        let payload = Bytes::from(frame);
        prop_assert!(read_all(&payload) <= 40 * (payload.len() + 1));
    }

    /// Every beginning of a frame's preamble and header is too short, and says so.
    #[test]
    fn a_short_frame_is_truncated(frame in some_frame(), cut in any::<Index>()) {
        let view = FrameView::split(&frame).expect("a frame");
        let end = frame.len() - view.body.len();
        let cut = cut.index(end);
        prop_assert_eq!(FrameView::split(&frame[..cut]).map_err(|e| e.reason), Err(Reason::Truncated));
    }

    #[test]
    fn open_comes_back(
        numbers in any::<(u64, u32, u32, u64, u128, u32, u32, Option<u32>)>(),
        more in any::<(u32, u32, u32, u64, u32, u32)>(),
        lens in vec(any::<u32>(), 0..8),
        metadata in metadata(),
        trace in vec(any::<u8>(), 0..30),
        tracestate in "\\PC{0,20}",
        body in vec(any::<u8>(), 0..50),
    ) {
        let (timeout_us, sent_ms, method, features, call_id, attempt, priority, accept_after_ms) = numbers;
        let (window, max_message, flags, total_len, encoding, accept_encodings) = more;
        let open = Open {
            timeout_us, sent_ms, method, features: Features(features), call_id, attempt, priority, accept_after_ms,
            window: window.max(1), max_message: max_message.max(1), flags: OpenFlags(flags),
            lens: Numbers::from_slice(&lens), trace: &trace, total_len, encoding, tracestate: &tracestate,
            accept_encodings, ..Open::default()
        };
        let mut out = BytesMut::from("before");
        open.encode(borrowed(&metadata), &body, &mut out).expect("it fits");
        prop_assert_eq!(&out.split_to(6)[..], b"before");
        let frame = split(out);
        prop_assert_eq!((frame.kind, &frame.body[..]), (Kind::Open.as_byte(), &body[..]));
        let back = Open::decode(&frame.header).expect("it reads");
        prop_assert_eq!(
            (back.timeout_us, back.sent_ms, back.method, back.features.0, back.call_id, back.attempt, back.priority,
                back.accept_after_ms), numbers);
        prop_assert_eq!(
            (back.window, back.max_message, back.flags.0, back.total_len, back.encoding, back.accept_encodings),
            (window.max(1), max_message.max(1), flags, total_len, encoding, accept_encodings));
        prop_assert_eq!((back.trace, back.tracestate), (&trace[..], &tracestate[..]));
        prop_assert_eq!(back.lens.clone().collect::<Vec<_>>(), lens);
        prop_assert_eq!(owned(back.metadata.clone()), metadata);

        // A view can be sent on as it is.
        let mut again = BytesMut::new();
        back.encode(back.metadata.clone(), &body, &mut again).expect("it fits");
        prop_assert_eq!(split(again).header, frame.header);
    }

    #[test]
    fn terminal_comes_back(
        numbers in any::<(u32, u32, u64, u64, u32, u32, u32, u64)>(),
        texts in ("\\PC{0,30}", instance()),
        details in details(), head in metadata(), trailers in metadata(),
        body in vec(any::<u8>(), 0..50),
    ) {
        let (code, busy_us, seq, messages, flags, encoding, reason, features) = numbers;
        let (message, instance) = texts;
        let terminal = Terminal {
            code, busy_us, seq, messages, flags: TerminalFlags(flags), message: &message, encoding,
            reason: TerminalReason::from_number(reason), features: Features(features), via: Via::StreamImport,
            instance: &instance, ..Terminal::default()
        };
        let mut out = BytesMut::new();
        terminal.encode(borrowed(&details), borrowed(&head), borrowed(&trailers), &body, &mut out).expect("it fits");
        let frame = split(out);
        prop_assert_eq!((frame.kind, &frame.body[..]), (Kind::Terminal.as_byte(), &body[..]));
        let back = Terminal::decode(&frame.header).expect("it reads");
        prop_assert_eq!(
            (back.code, back.busy_us, back.seq, back.messages, back.flags.0, back.encoding, back.reason.number(),
                back.features.0), numbers);
        prop_assert_eq!((back.message, back.instance, back.via), (&message[..], &instance[..], Via::StreamImport));
        prop_assert_eq!(owned(back.details), details);
        prop_assert_eq!(owned(back.head), head);
        prop_assert_eq!(owned(back.trailers), trailers);
    }

    #[test]
    fn the_small_kinds_come_back(
        a in any::<u64>(), b in any::<u64>(), c in any::<u32>(), d in any::<u32>(), f in any::<u64>(),
        list in vec(any::<u64>(), 0..20), lens in vec(any::<u32>(), 0..20), text in "\\PC{0,40}",
        instance in instance(), metadata in metadata(), body in vec(any::<u8>(), 0..20),
    ) {
        let mut out = BytesMut::new();
        let accept = Accept {
            handle: a, instance: &instance, credit: b, features: Features(f), max_message: c.max(1),
            via: Via::SingletonImport, accept_encodings: d,
        };
        accept.encode(&mut out).expect("it fits");
        let frame = split(out.split());
        prop_assert_eq!(Accept::decode(&frame.header), Ok(accept));

        let refused = Refused {
            reason: RefusedReason::from_number(c), retry_after_ms: d, message: &text, server_now_ms: a,
            versions: Numbers::from_slice(&lens), instance: &instance, accept_encodings: d,
        };
        refused.encode(&mut out);
        let frame = split(out.split());
        let back = Refused::decode(&frame.header).expect("it reads");
        prop_assert_eq!((back.reason.number(), back.retry_after_ms, back.message), (c, d, &text[..]));
        prop_assert_eq!((back.server_now_ms, back.instance, back.accept_encodings), (a, &instance[..], d));
        prop_assert_eq!(back.versions.collect::<Vec<_>>(), lens.clone());

        Head { seq: a, ..Head::default() }.encode(borrowed(&metadata), &mut out).expect("it fits");
        let frame = split(out.split());
        let back = Head::decode(&frame.header).expect("it reads");
        prop_assert_eq!((back.seq, owned(back.metadata)), (a, metadata));

        let data = Data {
            handle: a, seq: b, flags: DataFlags(c), lens: Numbers::from_slice(&lens), total_len: f, encoding: d,
        };
        data.encode(&body, &mut out).expect("it fits");
        let frame = split(out.split());
        let back = Data::decode(&frame.header).expect("it reads");
        prop_assert_eq!((back.handle, back.seq, back.flags.0, back.total_len, back.encoding), (a, b, c, f, d));
        prop_assert_eq!((back.lens.collect::<Vec<_>>(), &frame.body[..]), (lens, &body[..]));

        let credit = Credit { handle: a, upto: b };
        credit.encode(&mut out);
        prop_assert_eq!(Credit::decode(&split(out.split()).header), Ok(credit));

        Cancel { handles: Numbers::from_slice(&list) }.encode(&mut out).expect("it fits");
        let frame = split(out.split());
        prop_assert_eq!(Cancel::decode(&frame.header).expect("it reads").handles.collect::<Vec<_>>(), list.clone());

        let numbers = || Numbers::from_slice(&list);
        let twos: Vec<u64> = list.iter().map(|n| n / 2).collect();
        let ping = Ping {
            interval_ms: c, method: d, handles: numbers(), sent: Numbers::from_slice(&twos), received: Numbers::from_slice(&list),
            credit: Numbers::from_slice(&twos), connection: a,
        };
        ping.encode(&mut out).expect("it fits");
        let frame = split(out.split());
        let back = Ping::decode(&frame.header).expect("it reads");
        prop_assert_eq!((back.interval_ms, back.method, back.connection), (c, d, a));
        prop_assert!(back.entries().eq(ping.entries()));
        prop_assert_eq!(back.entries().count(), list.len());

        let pong = Pong {
            instance: &instance, serves: Serves::Leaving, unknown: numbers(), unlisted: numbers(),
            via: Via::StreamImport, features: Features(f), ..Pong::default()
        };
        pong.encode(&mut out).expect("it fits");
        let frame = split(out.split());
        let back = Pong::decode(&frame.header).expect("it reads");
        prop_assert_eq!((back.instance, back.serves, back.via, back.features), (&instance[..], pong.serves, pong.via, pong.features));
        prop_assert!(back.unknown.eq(list.iter().copied()) && back.unlisted.eq(list.iter().copied()));

        let leaving = Leaving { instance: &instance, rank: a, state: LeavingState::Returned };
        leaving.encode(&mut out).expect("it fits");
        let frame = split(out.split());
        prop_assert_eq!(Leaving::decode(&frame.header), Ok(leaving));
    }

    #[test]
    fn items_come_back(items in vec((any::<u64>(), vec(any::<u8>(), 0..200)), 1..16)) {
        let mut out = BytesMut::new();
        batch::begin(Kind::Batch, &mut out);
        let mut len = out.len();
        for (token, frame) in &items {
            batch::push(*token, frame, &mut out);
            len += batch::item_len(frame.len());
        }
        prop_assert_eq!(out.len(), len);
        let nested = items.iter().any(|(_, frame)| matches!(frame[..], [VERSION, 2 | 3, ..]));
        let frame = split(out);
        match batch::Items::parse(Kind::Batch, frame.body) {
            Err(error) => prop_assert!(nested && error.reason == Reason::Nested),
            Ok(found) => {
                prop_assert!(!nested);
                let found: Vec<_> = found.map(|item| (item.token, item.frame.to_vec())).collect();
                prop_assert_eq!(found, items);
            }
        }
    }

    /// A status of any size leaves as a frame that keeps its code, its reason and as much as fits.
    #[test]
    fn a_large_status_is_cut(
        text in "\\PC{0,4}", times in 0..9_000_usize, sizes in vec(0..9_000_usize, 0..5), trailer in 0..2_000_usize,
    ) {
        let message = text.repeat(times);
        let details: Vec<Pair> = sizes.iter().map(|size| ("t".to_owned(), vec![7; *size])).collect();
        let trailers = vec![("k".to_owned(), vec![b'v'; trailer])];
        let terminal = Terminal {
            code: 9, reason: TerminalReason::Cardinality, message: &message, ..Terminal::default()
        };
        let mut out = BytesMut::new();
        terminal
            .encode(borrowed(&details), borrowed(&[]), borrowed(&trailers), b"", &mut out)
            .expect("the status is what is too large");
        let frame = split(out);
        let back = Terminal::decode(&frame.header).expect("it reads");
        prop_assert_eq!((back.code, back.reason), (9, TerminalReason::Cardinality));
        prop_assert_eq!(owned(back.trailers), trailers);
        prop_assert!(message.starts_with(back.message));
        let kept = owned(back.details);
        prop_assert_eq!(&kept[..], &details[..kept.len()]);
        let whole = back.message.len() == message.len() && kept.len() == details.len();
        prop_assert_eq!(back.flags.contains(TerminalFlags::CUT), !whole);
        if back.message.len() < message.len() {
            prop_assert!(kept.is_empty());
            prop_assert!(frame.header.len() > MAX_HEADER - 10, "more of the text would fit");
        } else if kept.len() < details.len() {
            prop_assert!(frame.header.len() + details[kept.len()].1.len() + 16 > MAX_HEADER, "one more would fit");
        }
    }

    #[test]
    fn percent_encoding_comes_back(text in any::<String>()) {
        let encoded = plain::percent_encode(&text);
        prop_assert!(encoded.bytes().all(|b| matches!(b, 0x20..=0x7e)));
        prop_assert_eq!(encoded.trim(), &encoded[..]);
        prop_assert_eq!(plain::percent_decode(&encoded), &text[..]);
    }

    #[test]
    fn any_text_is_decoded(text in any::<String>(), bytes in vec(prop::sample::select(b"%0aFfzZ \xc3".to_vec()), 0..20)) {
        let _ = (plain::percent_decode(&text), plain::code(&text), plain::timeout_ms(&text));
        let _ = plain::percent_decode(&String::from_utf8_lossy(&bytes));
        let _ = (plain::is_metadata(&text), plain::trailer_key(&text), TraceContext::from_traceparent(&text));
        prop_assert!((1..=16).contains(&plain::code(&text)));
    }

    #[test]
    fn tokens_come_back(slot in 0..1_u32 << 24, nonce in 0..1_u64 << 40) {
        let value = token::new(slot, nonce);
        prop_assert_eq!((token::slot(value), token::nonce(value)), (slot, nonce));
        let text = token::to_hex(value);
        let expected = format!("{value:016x}");
        prop_assert_eq!(&text[..], expected.as_bytes());
        prop_assert_eq!(token::parse_hex(&text), Some(value));
    }

    #[test]
    fn trace_contexts_come_back(trace_id in 1_u128.., span_id in 1_u64.., flags in any::<u8>()) {
        let context = TraceContext { trace_id, span_id, flags };
        prop_assert_eq!(TraceContext::parse(&context.to_bytes()), Some(context));
        prop_assert_eq!(TraceContext::from_traceparent(&context.to_traceparent()), Some(context));
    }

    /// On clocks that agree, only what is later than its deadline is stale, wherever the circle begins.
    #[test]
    fn staleness_does_not_depend_on_the_circle(sent in 1_u32.., timeout_ms in 1..1_000_000_u32, late in 0..1_000_000_u32) {
        let now = sent.wrapping_add(late);
        prop_assert_eq!(is_stale(now, sent, u64::from(timeout_ms) * 1000), late > timeout_ms + 500);
        prop_assert!(!is_stale(sent.wrapping_sub(late), sent, u64::from(timeout_ms) * 1000));
    }
}

#[test]
fn minimal_frames_are_small() {
    let mut out = BytesMut::new();
    let none = || [].into_iter();
    // A typical OPEN names three things: 10 seconds, a time, a method.
    let open = Open { timeout_us: 10_000_000, sent_ms: u32::MAX, method: u32::MAX, ..Open::default() };
    open.encode(none(), b"", &mut out).expect("it fits");
    assert!(out.len() <= 20, "{} bytes", out.len());
    out.clear();
    let open = Open { features: Features::PACK, ..open };
    open.encode(none(), b"", &mut out).expect("it fits");
    assert!(out.len() <= 20, "{} bytes", out.len());
    out.clear();
    Terminal { busy_us: u32::MAX >> 4, ..Terminal::default() }
        .encode(none(), none(), none(), b"", &mut out)
        .expect("it fits");
    assert!(out.len() <= 8, "{} bytes", out.len());
    out.clear();
    Terminal::default().encode(none(), none(), none(), b"", &mut out).expect("it fits");
    assert_eq!(&out[..], [1, 0x0a, 0]);
}

#[test]
fn a_header_ends_at_16_kib() {
    let value = vec![b'v'; MAX_HEADER];
    for (len, fits) in [(MAX_HEADER - 9, true), (MAX_HEADER - 8, false)] {
        let metadata = [("k", &value[..len])];
        let mut out = BytesMut::from("kept");
        let result = Open::default().encode(metadata.into_iter(), b"", &mut out);
        assert_eq!(result.is_ok(), fits, "{len}: {result:?}");
        if fits {
            let frame = split(out.split_off(4));
            assert_eq!(frame.header.len(), MAX_HEADER);
            assert_eq!(Open::decode(&frame.header).expect("it reads").metadata.len(), 1);
        }
        assert_eq!(&out[..], b"kept");
    }
    // Nor is a longer one read, whichever way it came.
    let long = [0x08, 0x01].repeat(MAX_HEADER);
    assert_eq!(Open::decode(&long).map(drop).map_err(|e| e.reason), Err(Reason::HeaderTooLarge));
}

#[test]
fn metadata_that_is_too_large_is_an_error_of_its_own() {
    let trailers = [("k", &[b'v'; MAX_HEADER][..])];
    let mut out = BytesMut::new();
    let terminal = Terminal { code: 5, message: "gone", ..Terminal::default() };
    let error = terminal.encode([].into_iter(), [].into_iter(), trailers.into_iter(), b"", &mut out);
    assert!(error.expect_err("it does not fit").len > MAX_HEADER);
    assert!(out.is_empty());
}

#[test]
fn only_a_success_carries_a_message() {
    assert!(Terminal::default().has_message());
    assert!(!Terminal { code: 1, ..Terminal::default() }.has_message());
    assert!(!Terminal { flags: TerminalFlags::NO_MESSAGE, ..Terminal::default() }.has_message());
}

#[test]
fn unknown_frames_are_ignorable_by_bit_7_alone() {
    for byte in 0..=u8::MAX {
        assert_eq!(Kind::is_ignorable(byte), byte >= 0x80);
    }
    for kind in [Kind::Leaving, Kind::KeepAlive, Kind::Noop] {
        assert!(Kind::is_ignorable(kind.as_byte()), "{}", kind.name());
    }
    assert!(!Kind::is_ignorable(Kind::Ping.as_byte()));
}

/// The library never makes up a code that only an application may use, nor success.
#[test]
fn refusals_have_codes_that_a_library_may_use() {
    for number in 0..=100 {
        let reason = RefusedReason::from_number(number);
        assert!([4, 8, 12, 13, 14].contains(&reason.code()), "{reason:?}");
    }
    assert_eq!(RefusedReason::Draining.retry(), Retry::Transparent);
    assert_eq!(RefusedReason::Stale.retry(), Retry::Corrected);
    assert_eq!(RefusedReason::Overloaded.retry(), Retry::Policy);
    assert_eq!(RefusedReason::Import.retry(), Retry::Never);
}

#[test]
fn encodings_have_bits_of_their_own() {
    let bits = [Encoding::Identity, Encoding::Gzip, Encoding::Deflate, Encoding::Zstd].map(Encoding::bit);
    assert_eq!(bits, [0, 1, 2, 4]);
}

/// A log of a header does not give away credentials.
#[test]
fn debug_output_has_no_metadata_values() {
    let mut out = BytesMut::new();
    let metadata = [("authorization", &b"Bearer secret"[..])];
    Open::default().encode(metadata.into_iter(), b"", &mut out).expect("it fits");
    let frame = split(out);
    let shown = format!("{:?}", Open::decode(&frame.header).expect("it reads"));
    assert!(shown.contains("authorization") && !shown.contains("secret"), "{shown}");
    assert!(!shown.contains(&format!("{:?}", b"Bearer secret")), "{shown}");
}

#[test]
fn malformed_says_what_and_where() {
    let error = Open::decode(&[0x72, 0x03, 0x0a, 0x01, b'A']).expect_err("an upper-case key");
    assert_eq!(error.to_string(), "malformed OPEN, field 14: a metadata key is not of [0-9a-z_.-]+");
    let error = FrameView::split(&[1]).expect_err("it is short");
    assert_eq!(error.to_string(), "malformed frame: the bytes end too early");
}
