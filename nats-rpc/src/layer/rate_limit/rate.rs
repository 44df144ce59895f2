use std::num::NonZeroU32;

use governor::Quota;

/// How many calls are let through in a time, and how many at once.
///
/// Time is not cut into windows: what was used grows back steadily, one call after the other (GCRA, the generic cell
/// rate algorithm, as the crate governor has it).
///
/// ```
/// use nats_rpc::layer::Rate;
///
/// // 100 at once; after that one every 10 ms.
/// const STEADY: Rate = Rate::per_second(100);
/// // 10 at once; after that one every 10 ms.
/// const SMOOTH: Rate = Rate::per_second(100).with_burst(10);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate(Quota);

impl Rate {
    /// So many calls in a second, and as many at once.
    ///
    /// # Panics
    /// When it is not 1 to a million; in a constant that is an error of the compiler.
    #[must_use]
    pub const fn per_second(calls: u32) -> Self {
        Self(Quota::per_second(checked(calls)))
    }

    /// So many calls in a minute, and as many at once.
    ///
    /// # Panics
    /// When it is not 1 to a million; in a constant that is an error of the compiler.
    #[must_use]
    pub const fn per_minute(calls: u32) -> Self {
        Self(Quota::per_minute(checked(calls)))
    }

    /// Sets how many calls are let through at once, after some time without any. Default: as many as in a second, or in
    /// a minute.
    ///
    /// # Panics
    /// When it is not 1 to a million; in a constant that is an error of the compiler.
    #[must_use]
    pub const fn with_burst(self, calls: u32) -> Self {
        Self(self.0.allow_burst(checked(calls)))
    }

    pub(super) fn quota(self) -> Quota {
        self.0
    }
}

const fn checked(calls: u32) -> NonZeroU32 {
    assert!(calls <= 1_000_000, "a rate is of 1 to a million calls");
    NonZeroU32::new(calls).expect("a rate is of 1 to a million calls")
}
