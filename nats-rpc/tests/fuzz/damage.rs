//! Frames that something has happened to.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

use crate::generate::{self, put_varint, some_number};

#[derive(Clone, Debug)]
pub(crate) enum Damage {
    Flip(Index, u8),
    Set(Index, u8),
    Insert(Index, Vec<u8>),
    Remove(Index),
    Truncate(Index),
    /// A number written over what is there: most of it are lengths.
    Number(Index, u64),
    /// A part once more.
    Repeat(Index, Index),
    /// A part of another frame.
    Splice(Index, Vec<u8>, Index, Index),
}

/// Beyond it nothing is added any more.
const LARGEST: usize = 32 * 1024;

/// One of these frames, after a few accidents.
pub(crate) fn damaged(frame: impl Strategy<Value = Vec<u8>>) -> impl Strategy<Value = Vec<u8>> {
    (frame, vec(damage(), 1..5)).prop_map(|(mut frame, damages)| {
        damages.iter().for_each(|damage| damage.apply(&mut frame));
        frame
    })
}

pub(crate) fn damage() -> impl Strategy<Value = Damage> {
    let at = any::<Index>;
    prop_oneof![
        3 => (at(), 0..8_u8).prop_map(|(at, bit)| Damage::Flip(at, bit)),
        2 => (at(), any::<u8>()).prop_map(|(at, byte)| Damage::Set(at, byte)),
        1 => (at(), generate::bytes(8)).prop_map(|(at, bytes)| Damage::Insert(at, bytes)),
        1 => at().prop_map(Damage::Remove),
        2 => at().prop_map(Damage::Truncate),
        3 => (at(), some_number()).prop_map(|(at, number)| Damage::Number(at, number)),
        1 => (at(), at()).prop_map(|(from, to)| Damage::Repeat(from, to)),
        1 => (at(), generate::known(), at(), at())
            .prop_map(|(at, other, from, to)| Damage::Splice(at, other, from, to)),
    ]
}

impl Damage {
    pub(crate) fn apply(&self, frame: &mut Vec<u8>) {
        // Between two bytes, or at one end.
        let gap = |at: &Index| at.index(frame.len() + 1);
        match self {
            Self::Truncate(at) => frame.truncate(gap(at)),
            _ if frame.is_empty() || frame.len() > LARGEST => {}
            Self::Flip(at, bit) => {
                let at = at.index(frame.len());
                frame[at] ^= 1 << bit;
            }
            Self::Set(at, byte) => {
                let at = at.index(frame.len());
                frame[at] = *byte;
            }
            Self::Remove(at) => drop(frame.remove(at.index(frame.len()))),
            Self::Insert(at, bytes) => {
                let at = gap(at);
                frame.splice(at..at, bytes.iter().copied());
            }
            Self::Number(at, number) => {
                let mut written = Vec::new();
                put_varint(*number, &mut written);
                let at = at.index(frame.len());
                let end = frame.len().min(at + written.len());
                frame.splice(at..end, written);
            }
            Self::Repeat(from, to) => {
                let part = part(frame, from, to).to_vec();
                let at = gap(to);
                frame.splice(at..at, part);
            }
            Self::Splice(at, other, from, to) => {
                let at = gap(at);
                frame.splice(at..at, part(other, from, to).iter().copied());
            }
        }
    }
}

fn part<'a>(bytes: &'a [u8], one: &Index, other: &Index) -> &'a [u8] {
    let (one, other) = (one.index(bytes.len() + 1), other.index(bytes.len() + 1));
    &bytes[one.min(other)..one.max(other)]
}
