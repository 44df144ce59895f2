//! HEAD: response metadata, ahead of the first message.

use bytes::BytesMut;

use super::entries::Entries;
use super::field::Reader;
use super::sink::{self, Header, Sink};
use super::{HeaderTooLarge, Kind, Malformed};

/// The header of a HEAD.
#[derive(Clone, Debug, Default)]
pub struct Head<'a> {
    /// How many frames with a `seq` went before in this direction: none, in version 1.
    pub seq: u64,
    /// The metadata. [`encode`](Self::encode) takes it as an argument and does not look at this field.
    pub metadata: Entries<'a>,
}

impl<'a> Head<'a> {
    /// Reads a header.
    ///
    /// # Errors
    /// It is not a header of this kind.
    pub fn decode(header: &'a [u8]) -> Result<Self, Malformed> {
        let mut head = Self::default();
        let mut reader = Reader::header("HEAD", header)?;
        loop {
            let at = reader.rest();
            let Some(field) = reader.field()? else { break };
            match field.number {
                2 => head.seq = field.u64()?,
                3 => head.metadata.note(&field, at)?,
                _ => {}
            }
        }
        Ok(head)
    }

    /// Appends a whole frame. The keys of the metadata have to be [keys](super::is_key).
    ///
    /// # Errors
    /// The header would be over 16 KiB; `out` is as it was.
    pub fn encode<'m, M>(&self, metadata: M, out: &mut BytesMut) -> Result<(), HeaderTooLarge>
    where
        M: Iterator<Item = (&'m str, &'m [u8])> + Clone,
    {
        sink::encode(Kind::Head, &Fields { seq: self.seq, metadata }, &[], out)
    }
}

struct Fields<M> {
    seq: u64,
    metadata: M,
}

impl<'m, M: Iterator<Item = (&'m str, &'m [u8])> + Clone> Header for Fields<M> {
    fn write<S: Sink>(&self, sink: &mut S) {
        sink.uint(2, self.seq);
        self.metadata.clone().for_each(|(key, value)| sink.pair(3, key, value));
    }
}
