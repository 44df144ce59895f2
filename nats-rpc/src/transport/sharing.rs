use bytes::Bytes;

use super::Outgoing;
use crate::subject::Subject;
use crate::wire::Kind;

/// How a frame may share a NATS message with others.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Sharing {
    /// It does not.
    #[default]
    None,
    /// An opening, whose answers are awaited under this token: in a BATCH of at most so many calls. Its reply subject is
    /// found later.
    Batch { token: u64, most: u8 },
    /// An answer to the call under this token: in a PACK with others for the same connection.
    Pack(u64),
    /// The same for a call that came in a BATCH: only in a PACK can its answer be told from those to others.
    Packed(u64),
    /// It has its message to itself, as a BATCH or PACK of one. Where that BATCH is answered is found when it is written.
    Alone(Kind, u64),
}

impl Sharing {
    /// Whether there may be others in the same message.
    pub(super) fn is_possible(self) -> bool {
        matches!(self, Self::Batch { most: 2.., .. } | Self::Pack(_) | Self::Packed(_))
    }
}

/// Where frames towards a call go.
#[derive(Debug, Clone)]
pub(crate) struct Address {
    pub(crate) subject: Subject,
    pub(crate) sharing: Sharing,
}

impl Address {
    /// Carries a frame there.
    pub(crate) fn carry(&self, frame: Bytes) -> Outgoing {
        Outgoing { sharing: self.sharing, ..Outgoing::new(self.subject.clone(), frame) }
    }
}

/// Frames there have messages of their own.
impl From<Subject> for Address {
    fn from(subject: Subject) -> Self {
        Self { subject, sharing: Sharing::None }
    }
}
