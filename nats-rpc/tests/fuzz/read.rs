//! Calls every reader of `wire` on the same bytes.

use std::fmt::{self, Debug, Write as _};

use bytes::Bytes;
use nats_rpc::wire::{
    Accept, Cancel, Credit, Data, DataFlags, Frame, FrameView, Head, Kind, Leaving, MAX_BATCH_CALLS,
    MAX_HEADER, Open, OpenFlags, Ping, Pong, Profile, Refused, Terminal, TraceContext, VERSION, batch,
    beginning, is_instance, is_key, is_stale, messages, plain, profile, token,
};

/// Reads a payload as everything that it could be. Returns how many things were found.
pub(crate) fn everything(payload: &Bytes) -> usize {
    let native = profile(payload, false) == Profile::Native;
    assert_eq!(profile(payload, true), Profile::Plain);
    let mut found = header(payload, payload) + items(payload);
    match Frame::split(payload) {
        Ok(frame) => {
            assert!(native && frame.header.len() <= MAX_HEADER);
            let view = FrameView::split(payload).expect("it was a frame");
            assert!(view.kind == frame.kind && view.header == frame.header && view.body == frame.body);
            assert!(view.header.len() + view.body.len() + 3 <= payload.len());
            found += header(&frame.header, &frame.body) + items(&frame.body);
            let _ = Kind::from_byte(frame.kind).map(|kind| assert_eq!(kind.as_byte(), frame.kind));
        }
        Err(error) => show(&error),
    }
    bytes(payload);
    found
}

fn items(body: &Bytes) -> usize {
    let mut found = 0;
    for kind in [Kind::Batch, Kind::Pack] {
        match batch::Items::parse(kind, body.clone()) {
            Ok(items) => {
                let most = if kind == Kind::Batch { MAX_BATCH_CALLS } else { usize::MAX };
                assert!((1..=most).contains(&items.len()));
                let total: usize = items.clone().map(|item| batch::item_len(item.frame.len())).sum();
                assert!(total <= body.len(), "more than there is");
                assert!(items.clone().all(|item| !matches!(item.frame[..], [VERSION, 2 | 3, ..])));
                for item in items.clone() {
                    found += Frame::split(&item.frame).map_or(0, |frame| header(&frame.header, &frame.body));
                }
                found += walk(items);
            }
            Err(error) => show(&error),
        }
    }
    found
}

/// Reads a header as each kind.
fn header(header: &[u8], body: &Bytes) -> usize {
    let mut found = 0;
    if let Some(open) = seen(Open::decode(header)) {
        assert!(open.metadata.clone().all(|(key, _)| is_key(key.as_bytes())));
        let _ = (TraceContext::parse(open.trace), is_stale(1 << 31, open.sent_ms, open.timeout_us));
        found += bodies(messages(&open.lens, open.flags.contains(OpenFlags::NO_MESSAGE), body), body);
        found += walk(open.metadata) + walk(open.lens);
    }
    if let Some(data) = seen(Data::decode(header)) {
        found += bodies(messages(&data.lens, data.flags.contains(DataFlags::NO_MESSAGE), body), body);
        found += walk(data.lens);
    }
    if let Some(terminal) = seen(Terminal::decode(header)) {
        assert!(terminal.instance.is_empty() || is_instance(terminal.instance));
        found += walk(terminal.details) + walk(terminal.head) + walk(terminal.trailers);
    }
    if let Some(ping) = seen(Ping::decode(header)) {
        assert_eq!(ping.entries().count(), ping.handles.len());
        found += walk(ping.handles) + walk(ping.sent) + walk(ping.received) + walk(ping.credit);
    }
    if let Some(pong) = seen(Pong::decode(header)) {
        assert_eq!(pong.entries().count(), pong.handles.len());
        found += walk(pong.handles) + walk(pong.sent) + walk(pong.received) + walk(pong.credit);
        found += walk(pong.unknown) + walk(pong.unlisted);
    }
    if let Some(accept) = seen(Accept::decode(header)) {
        assert!(accept.max_message != 0 && (accept.instance.is_empty() || is_instance(accept.instance)));
    }
    seen(Leaving::decode(header));
    seen(Credit::decode(header));
    found += seen(Refused::decode(header)).map_or(0, |refused| walk(refused.versions));
    found += seen(Head::decode(header)).map_or(0, |head| walk(head.metadata));
    found + seen(Cancel::decode(header)).map_or(0, |cancel| walk(cancel.handles))
}

fn bodies<E: Debug>(
    found: Result<impl ExactSizeIterator<Item = Bytes> + Clone + Debug, E>,
    body: &Bytes,
) -> usize {
    let Some(found) = seen(found) else { return 0 };
    assert_eq!(found.clone().map(|message| message.len()).sum::<usize>(), body.len());
    walk(found)
}

/// What reads bytes that are no frame.
fn bytes(bytes: &[u8]) {
    let _ = (token::parse_hex(bytes), token::of_subject(bytes), TraceContext::parse(bytes), is_key(bytes));
    if let Ok(text) = std::str::from_utf8(bytes) {
        words(text);
    }
}

/// What reads a text without keeping it.
pub(crate) fn words(text: &str) {
    let _ = (plain::code(text), plain::timeout_ms(text), plain::is_metadata(text), plain::trailer_key(text));
    let _ = (TraceContext::from_traceparent(text), is_instance(text), is_key(text.as_bytes()));
    for max in 0..text.len().min(8) {
        assert!(beginning(text, max).len() <= max);
    }
}

/// Goes to the end, which is where it was said to be.
fn walk<T>(list: impl ExactSizeIterator<Item = T>) -> usize {
    let len = list.len();
    assert_eq!(list.count(), len);
    len
}

/// Shows what there is, an error or not.
fn seen<T: Debug, E: Debug>(outcome: Result<T, E>) -> Option<T> {
    show(&outcome);
    outcome.ok()
}

fn show(value: &impl Debug) {
    write!(Nowhere, "{value:?}").expect("nowhere is always there");
}

struct Nowhere;

impl fmt::Write for Nowhere {
    fn write_str(&mut self, _: &str) -> fmt::Result {
        Ok(())
    }
}
