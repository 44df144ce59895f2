use std::time::Duration;

/// When calls of a method are given up at once, as `breaker` in its options says.
///
/// A client can't choose among the instances of a queue group. So the defaults open only when nearly everything fails: a
/// low ratio would let one bad instance close the way to all good ones.
///
/// [`BreakerLayer`](crate::layer::BreakerLayer) does what it says, and tells how; [`Policies`](crate::layer::Policies) say
/// what takes its place.
///
/// ```
/// use nats_rpc::spec::BreakerSpec;
///
/// const BREAKER: BreakerSpec = BreakerSpec::new().with_min_calls(100);
///
/// assert_eq!((BREAKER.failure_ratio(), BREAKER.min_calls()), (0.8, 100));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BreakerSpec {
    off: bool,
    /// As bits, so that specs can be compared.
    failure_ratio: u64,
    min_calls: u32,
    open: Duration,
    max_open: Duration,
}

impl BreakerSpec {
    /// Opens when 80 % of at least 20 calls in 10 s have failed, for 1 s that grows to 3 s.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            off: false,
            failure_ratio: 0.8_f64.to_bits(),
            min_calls: 20,
            open: Duration::from_secs(1),
            max_open: Duration::from_secs(3),
        }
    }

    /// No breaker, where there would be one by default.
    #[must_use]
    pub const fn off() -> Self {
        Self { off: true, ..Self::new() }
    }

    /// Sets the share of calls in the last 10 s that must have failed. The default is 0.8.
    ///
    /// # Panics
    /// When it is not above 0 and at most 1; in a constant that is an error of the compiler.
    #[must_use]
    pub const fn with_failure_ratio(mut self, ratio: f64) -> Self {
        assert!(ratio > 0.0 && ratio <= 1.0, "a ratio is above 0 and at most 1");
        self.failure_ratio = ratio.to_bits();
        self
    }

    /// Sets how many calls there must have been in these seconds. The default is 20.
    #[must_use]
    pub const fn with_min_calls(mut self, calls: u32) -> Self {
        self.min_calls = calls;
        self
    }

    /// Sets how long calls are given up before one is let through to try; it doubles each time that one fails. The
    /// default is 1 s.
    #[must_use]
    pub const fn with_open(mut self, open: Duration) -> Self {
        self.open = open;
        self
    }

    /// Sets the longest that it grows to. The default is 3 s.
    #[must_use]
    pub const fn with_max_open(mut self, open: Duration) -> Self {
        self.max_open = open;
        self
    }

    /// Whether there is no breaker.
    #[must_use]
    pub const fn is_off(&self) -> bool {
        self.off
    }

    /// The share of calls in the last 10 s that must have failed.
    #[must_use]
    pub const fn failure_ratio(&self) -> f64 {
        f64::from_bits(self.failure_ratio)
    }

    /// How many calls there must have been in these seconds.
    #[must_use]
    pub const fn min_calls(&self) -> u32 {
        self.min_calls
    }

    /// How long calls are given up before one is let through to try.
    #[must_use]
    pub const fn open(&self) -> Duration {
        self.open
    }

    /// The longest that it grows to.
    #[must_use]
    pub const fn max_open(&self) -> Duration {
        self.max_open
    }
}

impl Default for BreakerSpec {
    fn default() -> Self {
        Self::new()
    }
}
