//! Bit sets of headers. Unknown bits are kept and mean nothing.

macro_rules! flags {
    ($(#[$doc:meta])* $name:ident($int:ty) { $($(#[$bit_doc:meta])* $bit:ident = $value:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
        pub struct $name(pub $int);

        impl $name {
            /// No bit.
            pub const NONE: Self = Self(0);
            $($(#[$bit_doc])* pub const $bit: Self = Self($value);)*

            /// Whether all bits of `other` are set.
            #[must_use]
            pub const fn contains(self, other: Self) -> bool {
                self.0 & other.0 == other.0
            }

            /// These bits and those of `other`.
            #[must_use]
            pub const fn with(self, other: Self) -> Self {
                Self(self.0 | other.0)
            }

            /// These bits without those of `other`.
            #[must_use]
            pub const fn without(self, other: Self) -> Self {
                Self(self.0 & !other.0)
            }
        }

        impl std::ops::BitOr for $name {
            type Output = Self;

            fn bitor(self, other: Self) -> Self {
                self.with(other)
            }
        }
    };
}

flags! {
    /// What the sender of a frame can take beyond plain unary calls.
    Features(u64) {
        /// A client that takes PACK.
        PACK = 0x01,
        /// A server that sends ACCEPT for a call that takes longer than `accept_after_ms`.
        LATE_ACCEPT = 0x02,
        /// Takes HEAD, DATA and CREDIT.
        STREAMS = 0x04,
        /// Takes messages in several chunks.
        CHUNKS = 0x08,
        /// A server that takes BATCH.
        BATCH = 0x10,
        /// Sends or answers PINGs that list calls.
        AUDIT = 0x20,
    }
}

// One numbering for the flags of all frames: a bit that two frames have means the same in both.
flags! {
    /// Flags of an OPEN.
    OpenFlags(u32) {
        /// The body is not a message.
        NO_MESSAGE = 0x01,
        /// The client sends nothing after this frame.
        HALF_CLOSE = 0x02,
        /// The caller's trace is not sampled; the server does not start one of its own.
        NOT_SAMPLED = 0x04,
        /// Every instance that receives it answers, with its instance id.
        SCATTER = 0x08,
    }
}

flags! {
    /// Flags of a DATA.
    DataFlags(u32) {
        /// The body is not a message.
        NO_MESSAGE = 0x01,
        /// The sender sends no message after this frame.
        END = 0x02,
    }
}

flags! {
    /// Flags of a TERMINAL.
    TerminalFlags(u32) {
        /// The body is not a message.
        NO_MESSAGE = 0x01,
        /// Details or a part of the text were left out to keep the header within its limit.
        CUT = 0x10,
    }
}
