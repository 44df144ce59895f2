//! The hand-written coding and the schema's, side by side: a header as a `DynamicMessage` and back.

use std::path::Path;
use std::sync::LazyLock;

use bytes::BytesMut;
use nats_rpc::wire::{
    Accept, Cancel, Credit, DEFAULT_MAX_MESSAGE, DEFAULT_WINDOW, Data, DataFlags, Features, Head,
    HeaderTooLarge, Kind, Leaving, LeavingState, Malformed, Numbers, Open, OpenFlags, Ping, Pong, Refused,
    RefusedReason, Serves, Terminal, TerminalFlags, TerminalReason, Via, batch,
};
use prost_reflect::{DescriptorPool, DynamicMessage, MessageDescriptor, ReflectMessage as _, Value};

type Pair = (String, Vec<u8>);

/// The kinds whose header is a message of the schema.
pub(crate) const KINDS: [(Kind, &str); 11] = [
    (Kind::Open, "Open"),
    (Kind::Accept, "Accept"),
    (Kind::Refused, "Refused"),
    (Kind::Head, "Head"),
    (Kind::Data, "Data"),
    (Kind::Credit, "Credit"),
    (Kind::Cancel, "Cancel"),
    (Kind::Terminal, "Terminal"),
    (Kind::Ping, "Ping"),
    (Kind::Pong, "Pong"),
    (Kind::Leaving, "Leaving"),
];

/// The compiled schema. There is one, since messages of different pools are never equal.
pub(crate) fn schema() -> &'static DescriptorPool {
    static POOL: LazyLock<DescriptorPool> = LazyLock::new(|| {
        let proto = Path::new(env!("CARGO_MANIFEST_DIR")).join("../proto");
        let files = protox::compile(["nats/rpc/v1/wire.proto"], [proto]).expect("wire.proto compiles");
        DescriptorPool::from_file_descriptor_set(files).expect("and makes a pool")
    });
    &POOL
}

/// The message of the schema for a kind.
pub(crate) fn descriptor(kind: Kind) -> Option<MessageDescriptor> {
    let (_, name) = KINDS.iter().find(|(known, _)| *known == kind)?;
    Some(schema().get_message_by_name(&format!("nats.rpc.v1.{name}")).expect("the schema has every kind"))
}

/// Reading a `DynamicMessage` by field names, so that a renamed field fails.
struct Get<'m>(&'m DynamicMessage);

impl Get<'_> {
    fn value(&self, name: &str) -> Value {
        self.0.get_field_by_name(name).unwrap_or_else(|| panic!("the schema has no {name}")).into_owned()
    }
    fn u64(&self, name: &str) -> u64 {
        self.value(name).as_u64().expect("a 64-bit number")
    }
    fn u32(&self, name: &str) -> u32 {
        self.value(name).as_u32().expect("a 32-bit number")
    }
    fn text(&self, name: &str) -> String {
        self.value(name).as_str().expect("text").to_owned()
    }
    fn u32s(&self, name: &str) -> Vec<u32> {
        self.value(name).as_list().expect("a list").iter().map(|v| v.as_u32().expect("32 bits")).collect()
    }
    fn u64s(&self, name: &str) -> Vec<u64> {
        self.value(name).as_list().expect("a list").iter().map(|v| v.as_u64().expect("64 bits")).collect()
    }
    fn pairs(&self, name: &str, key: &str) -> Vec<Pair> {
        let value = self.value(name);
        let pair = |value: &Value| {
            let get = Get(value.as_message().expect("a message"));
            (get.text(key), get.value("value").as_bytes().expect("bytes").to_vec())
        };
        value.as_list().expect("a list").iter().map(pair).collect()
    }
}

fn borrowed(pairs: &[Pair]) -> impl Iterator<Item = (&str, &[u8])> + Clone {
    pairs.iter().map(|(text, value)| (text.as_str(), value.as_slice()))
}

/// Encodes a whole frame by hand.
pub(crate) fn encode(kind: Kind, header: &DynamicMessage, body: &[u8]) -> Result<Vec<u8>, HeaderTooLarge> {
    let get = Get(header);
    let mut out = BytesMut::new();
    match kind {
        Kind::Open => {
            let (lens, trace, tracestate) = (get.u32s("lens"), get.value("trace"), get.text("tracestate"));
            let or = |value, default| if value == 0 { default } else { value };
            let open = Open {
                timeout_us: get.u64("timeout_us"),
                sent_ms: get.u32("sent_ms"),
                method: get.u32("method"),
                features: Features(get.u64("features")),
                call_id: u128::from(get.u64("call_hi")) << 64 | u128::from(get.u64("call_lo")),
                attempt: get.u32("attempt"),
                priority: get.u32("priority"),
                accept_after_ms: header
                    .has_field_by_name("accept_after_ms")
                    .then(|| get.u32("accept_after_ms")),
                window: or(get.u32("window"), DEFAULT_WINDOW),
                max_message: or(get.u32("max_message"), DEFAULT_MAX_MESSAGE),
                flags: OpenFlags(get.u32("flags")),
                lens: Numbers::from_slice(&lens),
                trace: trace.as_bytes().expect("bytes"),
                total_len: get.u64("total_len"),
                encoding: get.u32("encoding"),
                tracestate: &tracestate,
                accept_encodings: get.u32("accept_encodings"),
                ..Open::default()
            };
            open.encode(borrowed(&get.pairs("metadata", "key")), body, &mut out)?;
        }
        Kind::Accept => Accept {
            handle: get.u64("handle"),
            instance: &get.text("instance"),
            credit: get.u64("credit"),
            features: Features(get.u64("features")),
            max_message: match get.u32("max_message") {
                0 => DEFAULT_MAX_MESSAGE,
                other => other,
            },
            via: Via::from_number(get.u32("via")),
            accept_encodings: get.u32("accept_encodings"),
        }
        .encode(&mut out)?,
        Kind::Refused => Refused {
            reason: RefusedReason::from_number(get.u32("reason")),
            retry_after_ms: get.u32("retry_after_ms"),
            message: &get.text("message"),
            server_now_ms: get.u64("server_now_ms"),
            versions: Numbers::from_slice(&get.u32s("versions")),
            instance: &get.text("instance"),
            accept_encodings: get.u32("accept_encodings"),
        }
        .encode(&mut out),
        Kind::Head => {
            let head = Head { seq: get.u64("seq"), ..Head::default() };
            head.encode(borrowed(&get.pairs("metadata", "key")), &mut out)?;
        }
        Kind::Data => Data {
            handle: get.u64("handle"),
            seq: get.u64("seq"),
            flags: DataFlags(get.u32("flags")),
            lens: Numbers::from_slice(&get.u32s("lens")),
            total_len: get.u64("total_len"),
            encoding: get.u32("encoding"),
        }
        .encode(body, &mut out)?,
        Kind::Credit => Credit { handle: get.u64("handle"), upto: get.u64("upto") }.encode(&mut out),
        Kind::Cancel => {
            Cancel { handles: Numbers::from_slice(&get.u64s("handles")) }.encode(&mut out)?;
        }
        Kind::Terminal => {
            let (message, instance) = (get.text("message"), get.text("instance"));
            let terminal = Terminal {
                code: get.u32("code"),
                busy_us: get.u32("busy_us"),
                seq: get.u64("seq"),
                messages: get.u64("messages"),
                flags: TerminalFlags(get.u32("flags")),
                message: &message,
                encoding: get.u32("encoding"),
                reason: TerminalReason::from_number(get.u32("reason")),
                features: Features(get.u64("features")),
                via: Via::from_number(get.u32("via")),
                instance: &instance,
                ..Terminal::default()
            };
            terminal.encode(
                borrowed(&get.pairs("details", "type_url")),
                borrowed(&get.pairs("head", "key")),
                borrowed(&get.pairs("trailers", "key")),
                body,
                &mut out,
            )?;
        }
        Kind::Ping => Ping {
            interval_ms: get.u32("interval_ms"),
            method: get.u32("method"),
            handles: Numbers::from_slice(&get.u64s("handles")),
            sent: Numbers::from_slice(&get.u64s("sent")),
            received: Numbers::from_slice(&get.u64s("received")),
            credit: Numbers::from_slice(&get.u64s("credit")),
            connection: get.u64("connection"),
        }
        .encode(&mut out)?,
        Kind::Pong => Pong {
            instance: &get.text("instance"),
            serves: Serves::from_number(get.u32("serves")),
            handles: Numbers::from_slice(&get.u64s("handles")),
            sent: Numbers::from_slice(&get.u64s("sent")),
            received: Numbers::from_slice(&get.u64s("received")),
            credit: Numbers::from_slice(&get.u64s("credit")),
            unknown: Numbers::from_slice(&get.u64s("unknown")),
            unlisted: Numbers::from_slice(&get.u64s("unlisted")),
            via: Via::from_number(get.u32("via")),
            features: Features(get.u64("features")),
        }
        .encode(&mut out)?,
        Kind::Leaving => Leaving {
            instance: &get.text("instance"),
            rank: get.u64("rank"),
            state: LeavingState::from_number(get.u32("state")),
        }
        .encode(&mut out)?,
        Kind::Batch | Kind::Pack | Kind::KeepAlive | Kind::Noop => {
            unreachable!("their headers are empty: {}", batch::item_len(0))
        }
    }
    Ok(out.to_vec())
}

/// Writing a `DynamicMessage` by field names; defaults stay absent.
struct Set(DynamicMessage);

impl Set {
    fn present(&mut self, name: &str, value: Value) {
        self.0.try_set_field_by_name(name, value).unwrap_or_else(|e| panic!("{name}: {e}"));
    }
    fn u64(&mut self, name: &str, value: u64) {
        if value != 0 {
            self.present(name, Value::U64(value));
        }
    }
    fn u32(&mut self, name: &str, value: u32) {
        if value != 0 {
            self.present(name, Value::U32(value));
        }
    }
    fn text(&mut self, name: &str, value: &str) {
        if !value.is_empty() {
            self.present(name, Value::String(value.to_owned()));
        }
    }
    fn list(&mut self, name: &str, values: Vec<Value>) {
        if !values.is_empty() {
            self.present(name, Value::List(values));
        }
    }
    fn u64s(&mut self, name: &str, values: impl Iterator<Item = u64>) {
        self.list(name, values.map(Value::U64).collect());
    }
    fn u32s(&mut self, name: &str, values: impl Iterator<Item = u32>) {
        self.list(name, values.map(Value::U32).collect());
    }
    fn pairs<'a>(&mut self, name: &str, key: &str, pairs: impl Iterator<Item = (&'a str, &'a [u8])>) {
        let field = self.0.descriptor().get_field_by_name(name).expect("a field of the schema");
        let message = field.kind().as_message().expect("a message").clone();
        let pair = |(text, value): (&str, &[u8])| {
            let mut set = Self(DynamicMessage::new(message.clone()));
            set.text(key, text);
            if !value.is_empty() {
                set.present("value", Value::Bytes(value.to_vec().into()));
            }
            Value::Message(set.0)
        };
        self.list(name, pairs.map(pair).collect());
    }
}

/// Decodes a header by hand.
pub(crate) fn decode(kind: Kind, header: &[u8]) -> Result<DynamicMessage, Malformed> {
    let mut set = Set(DynamicMessage::new(descriptor(kind).expect("a kind with a header")));
    match kind {
        Kind::Open => {
            let open = Open::decode(header)?;
            set.u64("timeout_us", open.timeout_us);
            set.u32("sent_ms", open.sent_ms);
            set.u32("method", open.method);
            set.u64("features", open.features.0);
            set.u64("call_hi", (open.call_id >> 64) as u64);
            set.u64("call_lo", open.call_id as u64);
            set.u32("attempt", open.attempt);
            set.u32("priority", open.priority);
            if let Some(ms) = open.accept_after_ms {
                set.present("accept_after_ms", Value::U32(ms));
            }
            set.u32("window", if open.window == DEFAULT_WINDOW { 0 } else { open.window });
            set.u32(
                "max_message",
                if open.max_message == DEFAULT_MAX_MESSAGE { 0 } else { open.max_message },
            );
            set.u32("flags", open.flags.0);
            set.u32s("lens", open.lens);
            set.pairs("metadata", "key", open.metadata);
            if !open.trace.is_empty() {
                set.present("trace", Value::Bytes(open.trace.to_vec().into()));
            }
            set.u64("total_len", open.total_len);
            set.u32("encoding", open.encoding);
            set.text("tracestate", open.tracestate);
            set.u32("accept_encodings", open.accept_encodings);
        }
        Kind::Accept => {
            let accept = Accept::decode(header)?;
            set.u64("handle", accept.handle);
            set.text("instance", accept.instance);
            set.u64("credit", accept.credit);
            set.u64("features", accept.features.0);
            set.u32(
                "max_message",
                if accept.max_message == DEFAULT_MAX_MESSAGE { 0 } else { accept.max_message },
            );
            set.u32("via", accept.via as u32);
            set.u32("accept_encodings", accept.accept_encodings);
        }
        Kind::Refused => {
            let refused = Refused::decode(header)?;
            set.u32("reason", refused.reason.number());
            set.u32("retry_after_ms", refused.retry_after_ms);
            set.text("message", refused.message);
            set.u64("server_now_ms", refused.server_now_ms);
            set.u32s("versions", refused.versions);
            set.text("instance", refused.instance);
            set.u32("accept_encodings", refused.accept_encodings);
        }
        Kind::Head => {
            let head = Head::decode(header)?;
            set.u64("seq", head.seq);
            set.pairs("metadata", "key", head.metadata);
        }
        Kind::Data => {
            let data = Data::decode(header)?;
            set.u64("handle", data.handle);
            set.u64("seq", data.seq);
            set.u32("flags", data.flags.0);
            set.u32s("lens", data.lens);
            set.u64("total_len", data.total_len);
            set.u32("encoding", data.encoding);
        }
        Kind::Credit => {
            let credit = Credit::decode(header)?;
            set.u64("handle", credit.handle);
            set.u64("upto", credit.upto);
        }
        Kind::Cancel => set.u64s("handles", Cancel::decode(header)?.handles),
        Kind::Terminal => {
            let terminal = Terminal::decode(header)?;
            set.u32("code", terminal.code);
            set.u32("busy_us", terminal.busy_us);
            set.u64("seq", terminal.seq);
            set.u64("messages", terminal.messages);
            set.u32("flags", terminal.flags.0);
            set.text("message", terminal.message);
            set.pairs("details", "type_url", terminal.details);
            set.pairs("head", "key", terminal.head);
            set.pairs("trailers", "key", terminal.trailers);
            set.u32("encoding", terminal.encoding);
            set.u32("reason", terminal.reason.number());
            set.u64("features", terminal.features.0);
            set.u32("via", terminal.via as u32);
            set.text("instance", terminal.instance);
        }
        Kind::Ping => {
            let ping = Ping::decode(header)?;
            set.u32("interval_ms", ping.interval_ms);
            set.u32("method", ping.method);
            set.u64s("handles", ping.entries().map(|entry| entry.handle));
            set.u64s("sent", ping.entries().map(|entry| entry.sent));
            set.u64s("received", ping.entries().map(|entry| entry.received));
            set.u64s("credit", ping.entries().map(|entry| entry.credit));
            set.u64("connection", ping.connection);
        }
        Kind::Pong => {
            let pong = Pong::decode(header)?;
            set.text("instance", pong.instance);
            set.u32("serves", pong.serves as u32);
            set.u64s("handles", pong.entries().map(|entry| entry.handle));
            set.u64s("sent", pong.entries().map(|entry| entry.sent));
            set.u64s("received", pong.entries().map(|entry| entry.received));
            set.u64s("credit", pong.entries().map(|entry| entry.credit));
            set.u64s("unknown", pong.unknown);
            set.u64s("unlisted", pong.unlisted);
            set.u32("via", pong.via as u32);
            set.u64("features", pong.features.0);
        }
        Kind::Leaving => {
            let leaving = Leaving::decode(header)?;
            set.text("instance", leaving.instance);
            set.u64("rank", leaving.rank);
            set.u32("state", leaving.state as u32);
        }
        Kind::Batch | Kind::Pack | Kind::KeepAlive | Kind::Noop => unreachable!("their headers are empty"),
    }
    Ok(set.0)
}
