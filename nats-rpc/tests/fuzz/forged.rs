//! Frames of a stream as a forger makes them: mostly such as an honest end would send next, and all others.

use bytes::BytesMut;
use nats_rpc::wire::{
    Accept, Cancel, Credit, Data, DataFlags, Head, Kind, Numbers, Ping, Pong, Refused, RefusedReason,
    Terminal, TerminalFlags,
};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::damage::{Damage, damage};
use crate::generate::{self, some_number};

/// One frame, or the chunks of a message.
#[derive(Clone, Debug)]
pub(crate) struct Forged {
    /// Which of the calls it is for.
    pub(crate) call: usize,
    what: What,
    damage: Vec<Damage>,
    /// How often it is sent: never, mostly once.
    times: usize,
}

#[derive(Clone, Debug)]
enum What {
    Accept { instance: String, credit: u64 },
    Head(Seq),
    Data { seq: Seq, len: usize, messages: usize, end: bool, total_len: u64 },
    Chunks(Vec<usize>),
    Credit(u64),
    Cancel,
    Terminal { seq: Seq, messages: Option<u64>, code: u32, len: usize },
    Refused(u32),
    Ping([u64; 3]),
    Pong([u64; 3], bool),
    Anything(Vec<u8>),
}

#[derive(Clone, Copy, Debug)]
enum Seq {
    Next,
    Before,
    Skip,
    Any(u64),
}

/// How far a direction of a call has come.
#[derive(Clone, Debug, Default)]
pub(crate) struct Line {
    pub(crate) handle: u64,
    frames: u64,
    messages: u64,
}

pub(crate) const INSTANCE: &str = "forged";
/// So many calls there are at a time.
pub(crate) const CALLS: usize = 2;

fn seq() -> impl Strategy<Value = Seq> {
    prop_oneof![
        20 => Just(Seq::Next),
        2 => Just(Seq::Before),
        1 => Just(Seq::Skip),
        1 => some_number().prop_map(Seq::Any),
    ]
}

fn data() -> impl Strategy<Value = What> {
    let total_len = prop_oneof![15 => Just(0), 1 => some_number()];
    let len = prop_oneof![8 => 0..600_usize, 1 => 0..40_000_usize];
    (seq(), len, 0..4_usize, prop::bool::weighted(0.1), total_len)
        .prop_map(|(seq, len, messages, end, total_len)| What::Data { seq, len, messages, end, total_len })
}

fn entry() -> impl Strategy<Value = [u64; 3]> {
    let number = || prop_oneof![4 => 0..3_000_u64, 1 => some_number()];
    [number(), number(), number()]
}

/// What goes towards a server.
pub(crate) fn of_client() -> impl Strategy<Value = Forged> {
    forged(prop_oneof![
        10 => data(),
        2 => vec(1..900_usize, 2..5).prop_map(What::Chunks),
        3 => some_number().prop_map(What::Credit),
        1 => Just(What::Cancel),
        2 => entry().prop_map(What::Ping),
        1 => generate::frame().prop_map(What::Anything),
    ])
}

/// What goes towards a client.
pub(crate) fn of_server() -> impl Strategy<Value = Forged> {
    let accept = (prop_oneof![9 => Just(INSTANCE.to_owned()), 1 => "[a-z]{0,3}"], some_number());
    let terminal = (seq(), prop::option::weighted(0.1, some_number()), 0..3_u32, 0..300_usize);
    forged(prop_oneof![
        6 => accept.prop_map(|(instance, credit)| What::Accept { instance, credit }),
        3 => seq().prop_map(What::Head),
        10 => data(),
        2 => vec(1..900_usize, 2..5).prop_map(What::Chunks),
        3 => some_number().prop_map(What::Credit),
        1 => terminal.prop_map(|(seq, messages, code, len)| What::Terminal { seq, messages, code, len }),
        1 => (0..15_u32).prop_map(What::Refused),
        1 => (entry(), any::<bool>()).prop_map(|(entry, knows)| What::Pong(entry, knows)),
        1 => generate::frame().prop_map(What::Anything),
    ])
}

/// What an honest server sends first.
pub(crate) fn welcome(call: usize) -> [Forged; 2] {
    let accept = What::Accept { instance: INSTANCE.to_owned(), credit: 20_000 };
    [accept, What::Head(Seq::Next)].map(|what| Forged { call, what, damage: Vec::new(), times: 1 })
}

/// An ACCEPT of a call with the handle of another one.
pub(crate) fn accept_as(call: usize, handle: u64) -> Forged {
    let mut frame = BytesMut::new();
    let accept = Accept { handle, instance: INSTANCE, credit: 20_000, ..Accept::default() };
    accept.encode(&mut frame).expect("it fits");
    Forged { call, what: What::Anything(frame.to_vec()), damage: Vec::new(), times: 1 }
}

fn forged(what: impl Strategy<Value = What>) -> impl Strategy<Value = Forged> {
    let damage = prop_oneof![12 => Just(Vec::new()), 1 => vec(damage(), 1..3)];
    let times = prop_oneof![1 => Just(0_usize), 20 => Just(1), 2 => Just(2)];
    (0..CALLS, what, damage, times).prop_map(|(call, what, damage, times)| Forged {
        call,
        what,
        damage,
        times,
    })
}

impl Line {
    pub(crate) fn new(handle: u64) -> Self {
        Self { handle, ..Self::default() }
    }

    fn seq(&mut self, seq: Seq) -> u64 {
        match seq {
            Seq::Next => {
                self.frames += 1;
                self.frames - 1
            }
            Seq::Before => self.frames.saturating_sub(1),
            Seq::Skip => {
                self.frames += 2;
                self.frames - 1
            }
            Seq::Any(seq) => seq,
        }
    }
}

impl Forged {
    /// Whether it is a question or an answer to one, and so goes elsewhere.
    pub(crate) fn is_audit(&self) -> bool {
        matches!(self.what, What::Ping(_) | What::Pong(..))
    }

    /// The frames, in order.
    pub(crate) fn frames(&self, line: &mut Line) -> Vec<Vec<u8>> {
        let mut frames = match &self.what {
            What::Chunks(lens) => {
                let total_len = lens.iter().map(|len| *len as u64).sum();
                let chunks = lens.iter().enumerate();
                let frames = chunks.map(|(n, len)| {
                    let total_len = if n == 0 { total_len } else { 0 };
                    let data = Data { seq: line.seq(Seq::Next), total_len, ..Data::default() };
                    encode_data(data, line, *len)
                });
                let frames = frames.collect();
                line.messages += 1;
                frames
            }
            what => vec![what.frame(line)],
        };
        for frame in &mut frames {
            self.damage.iter().for_each(|damage| damage.apply(frame));
        }
        let count = frames.len() * self.times;
        frames.into_iter().cycle().take(count).collect()
    }
}

fn encode_data(data: Data<'_>, line: &Line, len: usize) -> Vec<u8> {
    let mut out = BytesMut::new();
    let data = Data { handle: line.handle, ..data };
    data.encode(&vec![7; len], &mut out).expect("few lengths fit");
    out.to_vec()
}

impl What {
    fn frame(&self, line: &mut Line) -> Vec<u8> {
        let mut out = BytesMut::new();
        let handle = line.handle;
        match self {
            Self::Accept { instance, credit } => {
                let accept = Accept { handle, instance, credit: *credit, ..Accept::default() };
                accept.encode(&mut out).expect("it fits");
            }
            Self::Head(seq) => {
                let head = Head { seq: line.seq(*seq), ..Head::default() };
                head.encode([("x", &b"y"[..])].into_iter(), &mut out).expect("it fits");
            }
            Self::Data { seq, len, messages, end, total_len } => {
                let mut flags = if *end { DataFlags::END.0 } else { 0 };
                let len = if *messages == 0 { 0 } else { *len };
                if *messages == 0 {
                    flags |= DataFlags::NO_MESSAGE.0;
                }
                let mut lens = vec![0; messages.saturating_sub(1)];
                if !lens.is_empty() {
                    lens.push(u32::try_from(len).expect("it is short"));
                }
                let lens = Numbers::from_slice(&lens);
                let seq = line.seq(*seq);
                let data =
                    Data { seq, flags: DataFlags(flags), lens, total_len: *total_len, ..Data::default() };
                line.messages += *messages as u64;
                return encode_data(data, line, len);
            }
            Self::Credit(upto) => Credit { handle, upto: *upto }.encode(&mut out),
            Self::Cancel => {
                Cancel { handles: Numbers::from_slice(&[handle]) }.encode(&mut out).expect("it fits");
            }
            Self::Terminal { seq, messages, code, len } => {
                let (seq, messages) = (line.seq(*seq), messages.unwrap_or(line.messages));
                let flags = if *len == 0 { TerminalFlags::NO_MESSAGE } else { TerminalFlags::NONE };
                let end = Terminal { seq, messages, code: *code, flags, ..Terminal::default() };
                let none = std::iter::empty;
                end.encode(none(), none(), none(), &vec![7; *len], &mut out).expect("it fits");
            }
            Self::Refused(reason) => {
                Refused::new(RefusedReason::from_number(*reason), "forged").encode(&mut out);
            }
            Self::Ping([sent, received, credit]) => {
                let (handles, sent, received, credit) = ([handle], [*sent], [*received], [*credit]);
                let ping = Ping {
                    interval_ms: 100,
                    handles: Numbers::from_slice(&handles),
                    sent: Numbers::from_slice(&sent),
                    received: Numbers::from_slice(&received),
                    credit: Numbers::from_slice(&credit),
                    connection: 1,
                    ..Ping::default()
                };
                ping.encode(&mut out).expect("it fits");
            }
            Self::Pong([sent, received, credit], knows) => {
                let handles = [handle];
                let (held, unknown) = handles.split_at(usize::from(*knows));
                let number = |number: &u64| if *knows { vec![*number] } else { Vec::new() };
                let (sent, received, credit) = (number(sent), number(received), number(credit));
                let pong = Pong {
                    instance: INSTANCE,
                    handles: Numbers::from_slice(held),
                    sent: Numbers::from_slice(&sent),
                    received: Numbers::from_slice(&received),
                    credit: Numbers::from_slice(&credit),
                    unknown: Numbers::from_slice(unknown),
                    ..Pong::default()
                };
                pong.encode(&mut out).expect("it fits");
            }
            Self::Anything(frame) => return frame.clone(),
            Self::Chunks(_) => unreachable!("these are several"),
        }
        out.to_vec()
    }
}

/// Whether a frame ends a call.
pub(crate) fn ends(kind: u8) -> bool {
    matches!(Kind::from_byte(kind), Some(Kind::Terminal | Kind::Refused))
}
