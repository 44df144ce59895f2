use std::ops::RangeInclusive;

/// How many calls may run at once.
///
/// ```
/// use nats_rpc::layer::Limit;
///
/// let fixed = Limit::fixed(200);
/// let learned: Limit = Limit::gradient().with_range(20..=2000).into();
/// assert_ne!(fixed, learned);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limit(pub(super) Kind);

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Kind {
    Fixed(u32),
    Gradient(GradientLimit),
}

impl Limit {
    /// So many, always.
    ///
    /// # Panics
    /// When it is 0; in a constant that is an error of the compiler.
    #[must_use]
    pub const fn fixed(calls: u32) -> Self {
        assert!(calls > 0, "a limit of 0 lets no call in");
        Self(Kind::Fixed(calls))
    }

    /// As many as the service turns out to handle without getting slower; see [`GradientLimit`].
    #[must_use]
    pub const fn gradient() -> GradientLimit {
        GradientLimit { initial: 128, min: 16, max: 4096, tolerance: 1.5 }
    }

    /// What it is at the beginning.
    pub(super) fn initial(self) -> u32 {
        match self.0 {
            Kind::Fixed(calls) => calls,
            Kind::Gradient(gradient) => gradient.initial(),
        }
    }
}

/// A limit that is learned: it falls as calls take longer than they do in the long run, and grows as they do not.
///
/// Its rule is that of
/// [Gradient2](https://github.com/Netflix/concurrency-limits): in windows of at least 100 ms and ten calls, with
/// `gradient = clamp(tolerance * long / short, 0.5, 1)`, the limit goes a fifth of the way to
/// `limit * gradient + sqrt(limit)`; not at all in a window in which less than half of it was in use, since that says
/// nothing of the limit. Times are taken relative to what calls of the same method take in the long run (a mean over 600
/// windows), so that quick and slow methods can share one limit. Streams are not measured: how long one lasts is up to
/// those who use it.
///
/// Choose it where a handler's own work is the bottleneck and differs from machine to machine. A fixed limit is better
/// where it is known what is behind the service, such as the connections of a pool. Each call costs two looks at the clock
/// and a short lock more.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GradientLimit {
    initial: u32,
    pub(super) min: u32,
    pub(super) max: u32,
    pub(super) tolerance: f64,
}

impl GradientLimit {
    /// Sets where the limit begins; moved into the range if it is not there. The default is 128.
    #[must_use]
    pub const fn with_initial(mut self, calls: u32) -> Self {
        self.initial = calls;
        self
    }

    /// Sets what the limit never leaves. The default is from 16 to 4096.
    ///
    /// # Panics
    /// When it is empty or has 0 in it.
    #[must_use]
    pub fn with_range(mut self, calls: RangeInclusive<u32>) -> Self {
        assert!(*calls.start() > 0, "a limit of 0 lets no call in");
        assert!(!calls.is_empty(), "the range of a limit begins with the lower number");
        (self.min, self.max) = calls.into_inner();
        self
    }

    /// Sets how much longer calls may take than in the long run before the limit falls: 1.5 is half as long again, and the
    /// default.
    ///
    /// # Panics
    /// When it is below 1 or not a number; in a constant that is an error of the compiler.
    #[must_use]
    pub const fn with_tolerance(mut self, factor: f64) -> Self {
        assert!(factor >= 1.0, "calls always take at least as long as they do");
        self.tolerance = factor;
        self
    }

    pub(super) fn initial(self) -> u32 {
        self.initial.clamp(self.min, self.max)
    }
}

impl From<GradientLimit> for Limit {
    fn from(limit: GradientLimit) -> Self {
        Self(Kind::Gradient(limit))
    }
}
