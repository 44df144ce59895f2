use std::time::Duration;

use crate::status::{Code, CodeSet};

/// When a call is sent again though the first attempt may yet be answered, as `hedge` in the options of a method says.
///
/// The fields are those of gRPC's hedging policy ([gRFC A6]).
///
/// [`Policies`](crate::layer::Policies) say what takes its place.
///
/// ```
/// use std::time::Duration;
/// use nats_rpc::spec::HedgeSpec;
///
/// const HEDGE: HedgeSpec = HedgeSpec::new().with_delay(Duration::from_millis(50));
///
/// assert_eq!((HEDGE.max_attempts(), HEDGE.delay()), (2, Some(Duration::from_millis(50))));
/// ```
///
/// [gRFC A6]: https://github.com/grpc/proposal/blob/master/A6-client-retries.md
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HedgeSpec {
    max_attempts: u32,
    delay: Option<Duration>,
    non_fatal_codes: CodeSet,
}

impl HedgeSpec {
    /// Two attempts, the second one after the method's 95th percentile or after UNAVAILABLE.
    #[must_use]
    pub const fn new() -> Self {
        Self { max_attempts: 2, delay: None, non_fatal_codes: CodeSet::of(&[Code::Unavailable]) }
    }

    /// No hedging, as by default.
    #[must_use]
    pub const fn off() -> Self {
        Self { max_attempts: 1, ..Self::new() }
    }

    /// Sets how many attempts a call has, the first one included. The default is 2.
    ///
    /// # Panics
    /// When it is not 2 to 5; in a constant that is an error of the compiler.
    #[must_use]
    pub const fn with_max_attempts(mut self, attempts: u32) -> Self {
        assert!(2 <= attempts && attempts <= 5, "a call has 2 to 5 attempts");
        self.max_attempts = attempts;
        self
    }

    /// Sets how long an answer is waited for before the next attempt. The default is the 95th percentile of the method's
    /// latest calls, as the client measures it.
    #[must_use]
    pub const fn with_delay(mut self, delay: Duration) -> Self {
        self.delay = Some(delay);
        self
    }

    /// Sets the codes after which the next attempt is made at once. The default is UNAVAILABLE.
    ///
    /// # Panics
    /// When OK is one; in a constant that is an error of the compiler.
    #[must_use]
    pub const fn with_non_fatal_codes(mut self, codes: CodeSet) -> Self {
        assert!(!codes.contains(Code::Ok), "OK ends a call");
        self.non_fatal_codes = codes;
        self
    }

    /// Whether there is no hedging.
    #[must_use]
    pub const fn is_off(&self) -> bool {
        self.max_attempts == 1
    }

    /// Attempts, the first one included; 1 if hedging is off.
    #[must_use]
    pub const fn max_attempts(&self) -> u32 {
        self.max_attempts
    }

    /// How long an answer is waited for before the next attempt, if that is fixed.
    #[must_use]
    pub const fn delay(&self) -> Option<Duration> {
        self.delay
    }

    /// The codes after which the next attempt is made at once; any other one ends the call.
    #[must_use]
    pub const fn non_fatal_codes(&self) -> CodeSet {
        self.non_fatal_codes
    }
}

impl Default for HedgeSpec {
    fn default() -> Self {
        Self::new()
    }
}
