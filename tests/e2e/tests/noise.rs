//! Messages by chance: of every profile, and more or less well-formed.

use async_nats::HeaderMap;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::{Bytes, BytesMut};
use e2e::{Question, question};
use nats_rpc::wire::{
    Features, Kind, Numbers, Open, OpenFlags, Refused, RefusedReason, Terminal, TerminalFlags, VERSION,
};
use prost::Message as _;

const METHODS: [(&str, &str); 3] = [
    ("svc.e2e.v1.Probe.Ask", "/e2e.v1.Probe/Ask"),
    ("svc.e2e.v1.Probe.AskAgain", "/e2e.v1.Probe/AskAgain"),
    ("svc.e2e.v1.Probe.Nothing", "/e2e.v1.Probe/Nothing"),
];
const NAMES: [&str; 16] = [
    "Content-Type",
    "content-TYPE",
    "Nats-Rpc-Timeout",
    "nats-rpc-timeout",
    "Nats-Rpc-Trailer-x",
    "Nats-Service-Error-Code",
    "Nats-Msg-Id",
    "traceparent",
    "tracestate",
    "x-text",
    "X-Text",
    "x-raw-bin",
    "-bin",
    "grpc-timeout",
    "!#$%&'*+^`|~",
    "x_y.z",
];
const VALUES: [&str; 16] = [
    "",
    "application/json",
    "application/json; charset=utf-8",
    "application/protobuf",
    "APPLICATION/X-PROTOBUF",
    "text/html",
    "0",
    "1",
    "250",
    "-1",
    "18446744073709551615",
    "99999999999999999999999",
    "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    "AAAA,/+==,,===",
    "caf\u{e9} \u{1f600} \u{202e}",
    "%zz\t \u{1}\u{7f}",
];

/// A number that the environment may say: for longer runs, and to repeat one.
pub(crate) fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().map_or(default, |text| text.parse().expect(name))
}

/// What was sent.
#[derive(Debug)]
pub(crate) struct Sent {
    pub(crate) subject: &'static str,
    pub(crate) headers: HeaderMap,
    pub(crate) payload: Bytes,
}

/// Chance that can be repeated (xorshift).
pub(crate) struct Noise(u64);

impl Noise {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub(crate) fn message(&mut self) -> Sent {
        let (subject, path) = self.one_of(&METHODS);
        let mut headers = HeaderMap::new();
        let mut payload = match self.below(8) {
            0 => self.bytes(120),
            1 => self.frame(),
            2..=4 => self.open(path),
            5 => {
                headers.insert("Content-Type", "application/json");
                self.json()
            }
            _ => self.question().encode_to_vec(),
        };
        if self.below(2) == 0 {
            self.damage(&mut payload);
        }
        if self.below(3) == 0 {
            self.add_headers(&mut headers);
        }
        Sent { subject, headers, payload: payload.into() }
    }

    /// What comes to a call as its answer.
    pub(crate) fn answer(&mut self) -> (HeaderMap, Bytes) {
        let mut headers = HeaderMap::new();
        let mut payload = match self.below(6) {
            0 => self.bytes(120),
            1 => self.frame(),
            2 | 3 => self.terminal(),
            4 => self.refused(),
            _ => Vec::new(),
        };
        if self.below(2) == 0 {
            self.damage(&mut payload);
        }
        if self.below(4) == 0 {
            self.add_headers(&mut headers);
        }
        (headers, payload.into())
    }

    fn terminal(&mut self) -> Vec<u8> {
        let mut out = BytesMut::new();
        let (value, body) = (self.bytes(60), self.question().encode_to_vec());
        let details = [("type.googleapis.com/x", &value[..])].into_iter().take(self.below(2) as usize);
        let head = [("x-a", &value[..]), ("x-raw-bin", &value)].into_iter().take(self.below(3) as usize);
        let terminal = Terminal {
            code: self.one_of(&[0, 0, 1, 5, 16, 17, u32::MAX]),
            flags: TerminalFlags(self.one_of(&[0, 0, 1, 0x10, u32::MAX])),
            encoding: self.one_of(&[0, 0, 0, 1]),
            message: self.one_of(&VALUES),
            features: Features(self.one_of(&[0, u64::MAX])),
            ..Terminal::default()
        };
        terminal.encode(details, head.clone(), head, &body, &mut out).expect("it fits");
        out.to_vec()
    }

    fn refused(&mut self) -> Vec<u8> {
        let mut out = BytesMut::new();
        let reason = RefusedReason::from_number(self.below(16) as u32);
        let mut refused = Refused::new(reason, self.one_of(&VALUES));
        refused.server_now_ms = self.next();
        refused.encode(&mut out);
        out.to_vec()
    }

    fn frame(&mut self) -> Vec<u8> {
        let kind = match self.below(3) {
            0 => self.next() as u8,
            _ => self.one_of(&Kind::ALL).as_byte(),
        };
        let version = if self.below(6) == 0 { self.below(8) as u8 } else { VERSION };
        let (header, body) = (self.bytes(100), self.bytes(40));
        [&[version, kind, header.len() as u8], &header[..], &body].concat()
    }

    fn open(&mut self, path: &str) -> Vec<u8> {
        let hash = |hash: u32, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193);
        let lens: Vec<u32> = (0..self.below(3)).map(|_| self.below(50) as u32).collect();
        let (trace, state) = (self.bytes(30), self.one_of(&VALUES));
        let mut open =
            Open { method: path.bytes().fold(0x811c_9dc5, hash), trace: &trace, ..Open::default() };
        open.timeout_us = self.one_of(&[0, 1, 1_000_000, u64::MAX, 5_000_000]);
        open.sent_ms = self.one_of(&[0, 1, u32::MAX]);
        open.max_message = self.one_of(&[1, 300, 9_000, u32::MAX, 1 << 20, 1 << 20]);
        open.attempt = self.below(3) as u32;
        // The rest rarely: most of it is refused.
        match self.below(12) {
            0 => open.lens = Numbers::from_slice(&lens),
            1 => open.total_len = self.next(),
            2 => open.encoding = self.below(5) as u32,
            3 => open.flags = OpenFlags(self.next() as u32),
            4 => (open.features, open.tracestate) = (Features(self.next()), state),
            5 => open.method = self.next() as u32,
            6 => (open.accept_after_ms, open.window) = (Some(self.below(40) as u32), self.next() as u32),
            _ => {}
        }
        let values: Vec<_> = (0..self.below(4)).map(|_| self.bytes(60)).collect();
        let keys = ["x-a", "x-a", "x-raw-bin", "content-type"];
        let metadata = keys.into_iter().zip(values.iter().map(Vec::as_slice));
        let mut out = BytesMut::new();
        let question = self.question().encode_to_vec();
        open.encode(metadata, &question, &mut out).expect("it fits");
        out.to_vec()
    }

    fn json(&mut self) -> Vec<u8> {
        let number = self.next() as i64;
        let texts = [
            "{}".to_owned(),
            format!(r#"{{"text":"some","bigNumber":"{number}","rawBytes":"AP8="}}"#),
            format!(r#"{{"big_number":{number}}}"#),
            "[".repeat(self.below(3_000) as usize),
            r#"{"text":"\ud800"}"#.to_owned(),
            r#"{"text":null,"text":"twice"}"#.to_owned(),
            "\u{feff} null".to_owned(),
        ];
        texts[self.below(texts.len() as u64) as usize].clone().into_bytes()
    }

    fn question(&mut self) -> Question {
        let (big_number, raw_bytes) = (self.below(6) as i64, self.bytes(60));
        Question { big_number, raw_bytes, ..question(self.one_of(&VALUES)) }
    }

    fn add_headers(&mut self, headers: &mut HeaderMap) {
        for _ in 0..=self.below(4) {
            let name = self.one_of(&NAMES);
            match self.below(12) {
                0 => headers.append(name, "v".repeat(self.below(60_000) as usize)),
                1 | 2 => headers.append(name, STANDARD.encode(self.bytes(60))),
                _ => headers.append(name, self.one_of(&VALUES)),
            }
        }
        if self.below(20) == 0 {
            (0..self.below(300)).for_each(|n| headers.append(format!("x-{n}"), "one of many"));
        }
    }

    /// Changes, inserts or removes a few bytes, or cuts the end off.
    fn damage(&mut self, bytes: &mut Vec<u8>) {
        for _ in 0..=self.below(3) {
            let at = self.below(bytes.len() as u64 + 1) as usize;
            match self.below(5) {
                0 | 1 if at < bytes.len() => bytes[at] ^= 1 << self.below(8),
                2 => bytes.insert(at, self.one_of(&[0, 1, 0x7f, 0x80, 0xff])),
                3 => bytes.truncate(at),
                _ if at < bytes.len() => drop(bytes.remove(at)),
                _ => {}
            }
        }
    }

    fn bytes(&mut self, most: u64) -> Vec<u8> {
        (0..self.below(most + 1)).map(|_| self.next() as u8).collect()
    }

    fn one_of<T: Copy>(&mut self, items: &[T]) -> T {
        items[self.below(items.len() as u64) as usize]
    }

    pub(crate) fn below(&mut self, end: u64) -> u64 {
        (self.next() >> 11) % end
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 8
    }
}
