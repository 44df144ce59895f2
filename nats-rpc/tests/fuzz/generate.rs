//! Bytes that look more or less like what is to be read.

use std::path::Path;
use std::sync::LazyLock;

use nats_rpc::wire::{MAX_HEADER, VERSION};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::Value;

/// Any bytes, up to so many.
pub(crate) fn bytes(most: usize) -> impl Strategy<Value = Vec<u8>> {
    vec(any::<u8>(), 0..=most)
}

/// The frames of the test vectors: all kinds, right and wrong.
pub(crate) fn known() -> impl Strategy<Value = Vec<u8>> {
    static FRAMES: LazyLock<Vec<Vec<u8>>> =
        LazyLock::new(|| ["frames.json", "malformed.json"].into_iter().flat_map(vectors).collect());
    select(FRAMES.as_slice())
}

fn vectors(file: &str) -> Vec<Vec<u8>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors").join(file);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let value: Value = serde_json::from_str(&text).expect("JSON");
    let unhex = |text: &str| {
        let digits = text.as_bytes().chunks(2);
        digits.map(|two| u8::from_str_radix(str::from_utf8(two).unwrap(), 16).unwrap()).collect()
    };
    let vectors = value["vectors"].as_array().expect("a list of vectors");
    vectors.iter().map(|vector| unhex(vector["hex"].as_str().expect("hex"))).collect()
}

pub(crate) fn put_varint(mut number: u64, out: &mut Vec<u8>) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// A number, often one where something ends.
pub(crate) fn some_number() -> impl Strategy<Value = u64> {
    let edge = (0..64_u32, -1..=1_i64).prop_map(|(bits, by)| (1_u64 << bits).wrapping_add_signed(by));
    prop_oneof![3 => 0..200_u64, 2 => edge, 1 => any::<u64>(), 1 => Just(u64::MAX)]
}

/// How a length differs from the truth: mostly not.
fn lie() -> impl Strategy<Value = i64> {
    prop_oneof![30 => Just(0), 1 => -3..=3_i64, 1 => any::<i64>()]
}

fn put_bytes(bytes: &[u8], lie: i64, out: &mut Vec<u8>) {
    put_varint((bytes.len() as u64).wrapping_add_signed(lie), out);
    out.extend_from_slice(bytes);
}

/// A protobuf field. The numbers are those that headers have, and a few more.
fn field() -> impl Strategy<Value = Vec<u8>> {
    let number =
        prop_oneof![30 => 1..20_u64, 1 => select(vec![0, 99, 1000, (1 << 29) - 1, 1 << 29, 1 << 40])];
    let put_key = |number: u64, wire_type: u64| {
        let mut out = Vec::new();
        put_varint(number << 3 | wire_type, &mut out);
        out
    };
    let scalar = (number.clone(), some_number()).prop_map(move |(number, value)| {
        let mut out = put_key(number, 0);
        put_varint(value, &mut out);
        out
    });
    let fixed = (number.clone(), any::<u64>(), any::<bool>()).prop_map(move |(number, value, long)| {
        let mut out = put_key(number, if long { 1 } else { 5 });
        out.extend_from_slice(&value.to_le_bytes()[..if long { 8 } else { 4 }]);
        out
    });
    let text = (number.clone(), content(), lie()).prop_map(move |(number, bytes, lie)| {
        let mut out = put_key(number, 2);
        put_bytes(&bytes, lie, &mut out);
        out
    });
    let group = (number, 3..8_u64).prop_map(move |(number, wire_type)| put_key(number, wire_type));
    prop_oneof![10 => scalar, 6 => fixed, 10 => text, 1 => group]
}

/// What is in a field with a length: a key and a value, numbers, text, or anything.
fn content() -> impl Strategy<Value = Vec<u8>> {
    let pair = ("[0-9a-z_.-]{1,6}", bytes(8), lie(), lie()).prop_map(|(key, value, key_lie, value_lie)| {
        let mut out = vec![0x0a];
        put_bytes(key.as_bytes(), key_lie, &mut out);
        out.push(0x12);
        put_bytes(&value, value_lie, &mut out);
        out
    });
    let packed = vec(some_number(), 0..6).prop_map(|numbers| {
        let mut out = Vec::new();
        numbers.into_iter().for_each(|number| put_varint(number, &mut out));
        out
    });
    let fixed = vec(any::<u64>(), 0..4).prop_map(little_endian);
    let name = "[0-9A-Za-z_-]{0,66}".prop_map(String::into_bytes);
    prop_oneof![3 => pair, 2 => packed, 1 => fixed, 2 => name, 1 => bytes(30)]
}

fn little_endian(numbers: impl IntoIterator<Item = u64>) -> Vec<u8> {
    numbers.into_iter().flat_map(u64::to_le_bytes).collect()
}

/// Some fields in any order.
pub(crate) fn header() -> impl Strategy<Value = Vec<u8>> {
    let few = vec(field(), 0..4);
    let many = vec(field(), 0..20);
    // A list in the four fields that have to be of one length in PING and PONG.
    let lists = (1..12_usize, any::<u64>()).prop_map(|(count, value)| {
        let list = |number: u8, bytes: Vec<u8>| {
            let mut out = vec![number << 3 | 2];
            put_bytes(&bytes, 0, &mut out);
            out
        };
        let mut varints = Vec::new();
        (0..count).for_each(|_| put_varint(value, &mut varints));
        let counts = (4..7).map(|number| list(number, varints.clone()));
        std::iter::once(list(3, little_endian(vec![value; count]))).chain(counts).collect()
    });
    prop_oneof![4 => few, 1 => many, 1 => lists].prop_map(|fields: Vec<Vec<u8>>| fields.concat())
}

/// Fields again and again, until about as long as a header may be.
pub(crate) fn large_header() -> impl Strategy<Value = Vec<u8>> {
    (vec(field(), 1..4), MAX_HEADER - 300..MAX_HEADER + 30, any::<bool>()).prop_map(|(fields, len, cut)| {
        let fields = fields.concat();
        let mut header = fields.repeat(len / fields.len());
        if cut {
            header.truncate(len);
        }
        header
    })
}

/// A header and a body, with what goes before them.
pub(crate) fn frame() -> impl Strategy<Value = Vec<u8>> {
    let version = prop_oneof![20 => Just(VERSION), 1 => any::<u8>()];
    let kind = prop_oneof![8 => 0..14_u8, 1 => 0x80..0x85_u8, 1 => any::<u8>()];
    (version, kind, header(), lie(), bytes(60)).prop_map(|(version, kind, header, lie, body)| {
        let mut out = vec![version, kind];
        put_bytes(&header, lie, &mut out);
        out.extend(body);
        out
    })
}

/// An OPEN or DATA with several messages. Now and then their lengths add up to more, by what 32 bits can't hold.
pub(crate) fn several_messages() -> impl Strategy<Value = Vec<u8>> {
    let lens = vec(prop_oneof![3 => 0..30_u64, 1 => Just(0)], 0..8);
    let more =
        prop_oneof![3 => Just(vec![]), 1 => Just(vec![1 << 31, 1 << 31]), 1 => vec(some_number(), 1..3)];
    (lens, more, any::<bool>()).prop_map(|(lens, more, is_open)| {
        let body = vec![7; lens.iter().sum::<u64>() as usize];
        let mut numbers = Vec::new();
        lens.into_iter().chain(more).for_each(|len| put_varint(len, &mut numbers));
        let mut header = vec![if is_open { 13 } else { 4 } << 3 | 2];
        put_bytes(&numbers, 0, &mut header);
        let mut out = vec![VERSION, if is_open { 1 } else { 7 }];
        put_bytes(&header, 0, &mut out);
        out.extend(body);
        out
    })
}

/// A BATCH or PACK, now and then with more than it may hold.
pub(crate) fn batch() -> impl Strategy<Value = Vec<u8>> {
    let inner = prop_oneof![4 => frame(), 2 => known(), 1 => bytes(10)];
    let items = vec((inner, lie(), any::<u64>()), 0..20);
    (prop_oneof![Just(2_u8), Just(3)], items).prop_map(|(kind, items)| {
        let mut out = vec![VERSION, kind, 0];
        for (frame, lie, token) in items {
            put_varint((frame.len() as u64).wrapping_add_signed(lie), &mut out);
            out.extend_from_slice(&token.to_le_bytes());
            out.extend(frame);
        }
        out
    })
}

/// What a header of NATS may say.
pub(crate) fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "(%[0-9a-fA-FzZ]{0,3}|\\PC| ){0,40}",
        "[0-9 +-]{0,25}",
        "[0-9]{3}",
        "(Nats-|NATS-RPC-TRAILER-|nats-rpc-trailer-)[!-~]{0,12}",
        "0[0-9f]-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-fA-F]{2}(-.{0,5})?",
        "(_INBOX\\.)?[0-9a-zA-Z]{0,12}\\.[0-9a-f]{15,17}",
    ]
}
