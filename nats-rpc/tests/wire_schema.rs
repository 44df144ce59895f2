//! The hand-written coding agrees with `proto/nats/rpc/v1/wire.proto`, both ways.

use nats_rpc::wire::{
    DataFlags, Encoding, Features, FrameView, Kind, LeavingState, MAX_AUDIT, OpenFlags, RefusedReason,
    Serves, TerminalFlags, TerminalReason, Via,
};
use proptest::prelude::*;
use prost::Message as _;
use prost_reflect::{
    DescriptorPool, DynamicMessage, FieldDescriptor, Kind as Type, MessageDescriptor, ReflectMessage as _,
    Value,
};

mod wire_support;
use wire_support::{KINDS, decode, descriptor, encode, schema};

fn number64() -> BoxedStrategy<u64> {
    prop_oneof![2 => Just(0), 3 => 1..300_u64, 2 => any::<u64>(), 1 => Just(u64::MAX)].boxed()
}

fn number32() -> BoxedStrategy<u32> {
    // The two defaults that the hand-written side knows are sent as absent.
    let number = prop_oneof![2 => Just(0), 3 => 1..300_u32, 2 => any::<u32>(), 1 => Just(u32::MAX)];
    number.prop_filter("a default", |n| ![16 * 1024, 1024 * 1024].contains(n)).boxed()
}

/// A value of one field, within the rules that the schema's comments state.
fn single(field: &FieldDescriptor) -> BoxedStrategy<Value> {
    match (field.name(), field.kind()) {
        ("via", _) => (0..=2_u32).prop_map(Value::U32).boxed(),
        ("serves", _) => (0..=3_u32).prop_map(Value::U32).boxed(),
        ("state", _) => (0..=4_u32).prop_map(Value::U32).boxed(),
        ("instance", _) => "[0-9A-Za-z_-]{0,64}".prop_map(Value::String).boxed(),
        ("key", _) => "[0-9a-z_.-]{1,20}".prop_map(Value::String).boxed(),
        (_, Type::Uint64 | Type::Fixed64) => number64().prop_map(Value::U64).boxed(),
        (_, Type::Uint32 | Type::Fixed32) => number32().prop_map(Value::U32).boxed(),
        (_, Type::String) => "\\PC{0,20}".prop_map(Value::String).boxed(),
        (_, Type::Bytes) => {
            prop::collection::vec(any::<u8>(), 0..30).prop_map(|b| Value::Bytes(b.into())).boxed()
        }
        (_, Type::Message(message)) => message_of(message).prop_map(Value::Message).boxed(),
        (name, kind) => panic!("a type that the wire does not use: {name} {kind:?}"),
    }
}

/// Any value of a message; fields of the schema that the code does not know make the tests below fail.
fn message_of(message: MessageDescriptor) -> BoxedStrategy<DynamicMessage> {
    let field = |field: FieldDescriptor| {
        let value = if field.is_list() {
            prop::collection::vec(single(&field), 0..6).prop_map(Value::List).boxed()
        } else {
            single(&field)
        };
        // Metadata without a key is malformed, so a key is always there.
        let value = match field.name() {
            "key" => value.prop_map(Some).boxed(),
            _ => prop::option::weighted(0.6, value).boxed(),
        };
        (Just(field), value)
    };
    let fields: Vec<_> = message.fields().map(field).collect();
    fields
        .prop_map(move |fields| {
            let mut dynamic = DynamicMessage::new(message.clone());
            for (field, value) in fields {
                if let Some(value) = value {
                    dynamic.set_field(&field, value);
                }
            }
            level_lists(&mut dynamic);
            normal(&dynamic)
        })
        .boxed()
}

/// The lists of an audit have one length.
fn level_lists(dynamic: &mut DynamicMessage) {
    let names = ["handles", "sent", "received", "credit"];
    if dynamic.descriptor().get_field_by_name("handles").is_none() || dynamic.descriptor().name() == "Cancel"
    {
        return;
    }
    let list = |d: &DynamicMessage, n: &str| d.get_field_by_name(n).expect(n).as_list().expect(n).to_vec();
    let len = names.iter().map(|n| list(dynamic, n).len()).min().expect("four");
    for name in names {
        let mut values = list(dynamic, name);
        values.truncate(len);
        dynamic.set_field_by_name(name, Value::List(values));
    }
}

/// Without fields that are at their default, and without unknown ones.
fn normal(dynamic: &DynamicMessage) -> DynamicMessage {
    let mut out = DynamicMessage::new(dynamic.descriptor());
    for (field, value) in dynamic.fields() {
        let value = match value {
            Value::List(list) if matches!(field.kind(), Type::Message(_)) => Value::List(
                list.iter().map(|v| Value::Message(normal(v.as_message().expect("one")))).collect(),
            ),
            other => other.clone(),
        };
        let is_default = !field.supports_presence() && value == field.default_value();
        if !is_default {
            out.set_field(&field, value);
        }
    }
    out
}

fn any_header() -> impl Strategy<Value = (Kind, DynamicMessage)> {
    let kinds: Vec<_> = KINDS
        .iter()
        .map(|(kind, _)| (Just(*kind), message_of(descriptor(*kind).expect("it has one"))).boxed())
        .collect();
    prop::sample::select(kinds).prop_flat_map(|strategy| strategy)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2_000) })]

    #[test]
    fn written_by_hand_is_what_the_schema_writes((kind, header) in any_header()) {
        let frame = encode(kind, &header, b"").expect("it fits");
        let view = FrameView::split(&frame).expect("a frame");
        prop_assert_eq!(view.kind, kind.as_byte());
        prop_assert_eq!(view.header, &header.encode_to_vec()[..]);
        let back = DynamicMessage::decode(header.descriptor(), view.header).expect("the schema reads it");
        prop_assert_eq!(back, header);
    }

    #[test]
    fn written_by_the_schema_is_read_by_hand((kind, header) in any_header()) {
        let back = decode(kind, &header.encode_to_vec()).expect("it reads");
        prop_assert_eq!(back, header);
    }

    /// Fields in any order, repeated, lists in several pieces, packed and not, unknown fields between.
    #[test]
    fn shuffled_fields_are_read_alike((kind, header) in any_header(), order in any::<u64>(), more in any::<u32>()) {
        let mut pieces: Vec<Vec<u8>> = Vec::new();
        for (field, value) in header.fields() {
            let mut piece = |value: Value| {
                let mut one = DynamicMessage::new(header.descriptor());
                one.set_field(&field, value);
                pieces.push(one.encode_to_vec());
            };
            match value {
                Value::List(list) => list.iter().for_each(|item| piece(Value::List(vec![item.clone()]))),
                other => piece(other.clone()),
            }
            if let Value::List(list) = value {
                for item in list {
                    let mut single = Vec::new();
                    match (field.kind(), item) {
                        (Type::Fixed64, Value::U64(n)) => prost::encoding::fixed64::encode(field.number(), n, &mut single),
                        (Type::Uint64, Value::U64(n)) => prost::encoding::uint64::encode(field.number(), n, &mut single),
                        (Type::Uint32, Value::U32(n)) => prost::encoding::uint32::encode(field.number(), n, &mut single),
                        _ => continue,
                    }
                    pieces.push(single);
                }
            }
        }
        let mut unknown = Vec::new();
        prost::encoding::uint32::encode(1000, &more, &mut unknown);
        pieces.push(unknown);
        let mut state = order;
        for i in (1..pieces.len()).rev() {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            pieces.swap(i, (state >> 33) as usize % (i + 1));
        }
        let bytes = pieces.concat();
        let expected = normal(&DynamicMessage::decode(header.descriptor(), &bytes[..]).expect("the schema reads it"));
        let read = decode(kind, &bytes).expect("it reads");
        prop_assert_eq!(read, expected);
    }

    /// What the hand-written side accepts, the schema accepts too, and both read the same.
    #[test]
    fn damaged_headers_are_read_alike(
        (kind, header) in any_header(),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let mut bytes = header.encode_to_vec();
        prop_assume!(!bytes.is_empty());
        for (index, byte) in damage {
            let at = index.index(bytes.len());
            bytes[at] = byte;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        if let Ok(read) = decode(kind, &bytes) {
            let schema = DynamicMessage::decode(header.descriptor(), &bytes[..]);
            let schema = normal(&schema.expect("what is read by hand is valid"));
            for field in header.descriptor().fields() {
                // Numbers that name something unknown become "not said" on the hand-written side, and the two
                // defaults that it knows become absent.
                if ["via", "serves", "state", "window", "max_message"].contains(&field.name()) {
                    continue;
                }
                prop_assert_eq!(read.get_field(&field), schema.get_field(&field), "{}", field.name());
            }
        }
    }
}

/// Every value of an enum of the schema, without its zero.
fn values(pool: &DescriptorPool, name: &str) -> Vec<(String, u32)> {
    let all = pool.get_enum_by_name(&format!("nats.rpc.v1.{name}")).unwrap_or_else(|| panic!("no {name}"));
    let value = |v: prost_reflect::EnumValueDescriptor| {
        (v.name().to_owned(), u32::try_from(v.number()).expect("a number"))
    };
    all.values().map(value).filter(|(_, number)| *number != 0).collect()
}

#[test]
fn kinds_have_the_numbers_of_the_schema() {
    let schema = values(schema(), "Kind");
    let code = Kind::ALL.map(|kind| (format!("KIND_{}", kind.name()), u32::from(kind.as_byte())));
    assert_eq!(schema, code);
    for byte in 0..=u8::MAX {
        assert_eq!(Kind::from_byte(byte), Kind::ALL.into_iter().find(|kind| kind.as_byte() == byte));
    }
}

#[test]
fn features_and_flags_have_the_bits_of_the_schema() {
    let pool = schema();
    let named = |list: &[(&str, u32)]| list.iter().map(|(n, b)| ((*n).to_owned(), *b)).collect::<Vec<_>>();
    let features = [
        ("FEATURE_PACK", Features::PACK),
        ("FEATURE_LATE_ACCEPT", Features::LATE_ACCEPT),
        ("FEATURE_STREAMS", Features::STREAMS),
        ("FEATURE_CHUNKS", Features::CHUNKS),
        ("FEATURE_BATCH", Features::BATCH),
        ("FEATURE_AUDIT", Features::AUDIT),
    ]
    .map(|(name, bit)| (name, bit.0 as u32));
    assert_eq!(values(pool, "Feature"), named(&features));
    let flags = [
        ("FLAG_NO_MESSAGE", OpenFlags::NO_MESSAGE.0),
        ("FLAG_END", DataFlags::END.0),
        ("FLAG_NOT_SAMPLED", OpenFlags::NOT_SAMPLED.0),
        ("FLAG_SCATTER", OpenFlags::SCATTER.0),
        ("FLAG_CUT", TerminalFlags::CUT.0),
    ];
    assert_eq!(values(pool, "Flag"), named(&flags));
    assert_eq!(OpenFlags::NO_MESSAGE.0, DataFlags::NO_MESSAGE.0);
    assert_eq!(OpenFlags::NO_MESSAGE.0, TerminalFlags::NO_MESSAGE.0);
    assert_eq!(OpenFlags::HALF_CLOSE.0, DataFlags::END.0);
}

#[test]
fn reasons_and_the_like_have_the_numbers_of_the_schema() {
    let pool = schema();
    // Names are compared without their separators, so that TOO_LARGE is TooLarge.
    let flat = |text: &str| text.replace('_', "").to_lowercase();
    let check = |name: &str, prefix: &str, debug: &dyn Fn(u32) -> String| {
        let all = values(pool, name);
        assert!(!all.is_empty());
        for (value, number) in &all {
            assert_eq!(flat(value.strip_prefix(prefix).expect("a prefix")), flat(&debug(*number)), "{name}");
        }
        let next = all.iter().map(|(_, number)| number + 1).max().expect("some");
        let unknown = debug(next);
        assert!(
            all.iter().all(|(value, _)| flat(value.strip_prefix(prefix).expect("one")) != flat(&unknown))
        );
    };
    check("Refused.Reason", "", &|n| format!("{:?}", RefusedReason::from_number(n)));
    check("Terminal.Reason", "", &|n| format!("{:?}", TerminalReason::from_number(n)));
    check("Pong.Serves", "", &|n| format!("{:?}", Serves::from_number(n)));
    check("Leaving.State", "", &|n| format!("{:?}", LeavingState::from_number(n)));
    check("Via", "VIA_", &|n| format!("{:?}", Via::from_number(n)));
    check("Encoding", "ENCODING_", &|n| match Encoding::from_number(n) {
        Some(encoding) => format!("{encoding:?}"),
        None => "none".to_owned(),
    });
    for number in 0..50 {
        assert_eq!(RefusedReason::from_number(number).number(), number);
        assert_eq!(TerminalReason::from_number(number).number(), number);
    }
}

/// The largest audit fits, with every counter at its largest, and one call more does not count as one.
#[test]
fn the_largest_audit_fits() {
    for kind in [Kind::Ping, Kind::Pong] {
        let mut header = DynamicMessage::new(descriptor(kind).expect("it has one"));
        for name in ["handles", "sent", "received", "credit"] {
            header.set_field_by_name(name, Value::List(vec![Value::U64(u64::MAX); MAX_AUDIT]));
        }
        if kind == Kind::Pong {
            header.set_field_by_name("instance", Value::String("x".repeat(64)));
            header.set_field_by_name("unlisted", Value::List(vec![Value::U64(1); MAX_AUDIT]));
            header.set_field_by_name("features", Value::U64(u64::MAX));
            header.set_field_by_name("serves", Value::U32(1));
            header.set_field_by_name("via", Value::U32(2));
        }
        let frame = encode(kind, &header, b"").expect("it fits");
        assert_eq!(decode(kind, FrameView::split(&frame).expect("a frame").header), Ok(header));
    }
}
