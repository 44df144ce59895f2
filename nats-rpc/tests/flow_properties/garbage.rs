//! What nobody honest says.

use nats_rpc::wire::flow::{Inbound, Outbound};
use nats_rpc::wire::{Data, DataFlags, Numbers, Terminal};
use proptest::collection::vec;
use proptest::prelude::*;

/// Numbers at the ends of what there is, and small ones, which is what a receiver waits for.
pub(crate) fn number() -> impl Strategy<Value = u64> {
    prop_oneof![
        6 => 0..4_u64,
        3 => 0..70_000_u64,
        3 => (0..600_u64).prop_map(|less| u64::MAX - less),
        1 => any::<u64>(),
    ]
}

pub(crate) fn begin() -> impl Strategy<Value = Inbound> {
    (number(), number(), number(), 0..3).prop_map(|(window, received, messages, how)| match how {
        0 => Inbound::responses(window),
        1 => Inbound::requests(window, received, messages),
        _ => {
            let mut inbound = Inbound::requests(window, received, 0);
            inbound.begin_message(messages);
            inbound
        }
    })
}

pub(crate) fn begin_sending() -> impl Strategy<Value = Outbound> {
    (number(), number(), any::<bool>()).prop_map(|(window, messages, responds)| {
        if responds { Outbound::responses(window) } else { Outbound::requests(window, messages) }
    })
}

#[derive(Debug, Clone)]
pub(crate) enum Act {
    Head(u64),
    Data { seq: Option<u64>, flags: u32, lens: Vec<u32>, total_len: u64, body_len: u64 },
    Terminal { seq: u64, messages: u64, code: u32 },
    Consume(u64),
    Grant,
    Widen(u64),
    AllowMessage,
    Audit(u64),
    End,
}

pub(crate) fn act() -> impl Strategy<Value = Act> {
    let seq = prop_oneof![3 => Just(None), 1 => number().prop_map(Some)];
    let data = (seq, 0..4_u32, vec(any::<u32>(), 0..3), number(), number());
    prop_oneof![
        1 => number().prop_map(Act::Head),
        6 => data.prop_map(|(seq, flags, lens, total_len, body_len)| {
            Act::Data { seq, flags, lens, total_len, body_len }
        }),
        1 => (number(), number(), 0..2_u32)
            .prop_map(|(seq, messages, code)| Act::Terminal { seq, messages, code }),
        2 => number().prop_map(Act::Consume),
        1 => Just(Act::Grant),
        1 => number().prop_map(Act::Widen),
        2 => Just(Act::AllowMessage),
        1 => number().prop_map(Act::Audit),
        1 => Just(Act::End),
    ]
}

impl Act {
    pub(crate) fn on(&self, inbound: &mut Inbound) {
        match self {
            Self::Head(seq) => drop(inbound.head(*seq)),
            Self::Data { seq, flags, lens, total_len, body_len } => {
                let seq = seq.unwrap_or_else(|| next(inbound));
                let lens = Numbers::from_slice(lens);
                let data =
                    Data { seq, flags: DataFlags(*flags), lens, total_len: *total_len, ..Data::default() };
                let _ = inbound.data(&data, usize::try_from(*body_len).expect("64 bits"));
            }
            Self::Terminal { seq, messages, code } => {
                let terminal =
                    Terminal { seq: *seq, messages: *messages, code: *code, ..Terminal::default() };
                let _ = inbound.terminal(&terminal);
            }
            Self::Consume(cost) => drop(inbound.consume(*cost)),
            Self::Grant => drop(inbound.grant()),
            Self::Widen(by) => inbound.widen(*by),
            Self::AllowMessage => drop(inbound.allow_message()),
            Self::Audit(sent) => drop(inbound.audit(*sent)),
            Self::End => inbound.end(),
        }
    }
}

/// The number that is waited for: those below have come.
fn next(inbound: &Inbound) -> u64 {
    (0..).find(|seq| inbound.clone().head(*seq) != Ok(false)).expect("there is one")
}
