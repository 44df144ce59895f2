use serde::{Deserialize, Serialize};

/// What carries calls and items.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Stack {
    Ours,
    Raw,
    Tonic,
}

impl Stack {
    pub(crate) const ALL: [Self; 3] = [Self::Ours, Self::Raw, Self::Tonic];

    /// The variant of that name is this one as it is by default.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Ours => "nats-rpc",
            Self::Raw => "raw async-nats",
            Self::Tonic => "tonic",
        }
    }
}
