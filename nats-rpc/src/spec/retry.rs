use std::time::Duration;

use crate::status::{Code, CodeSet};

/// When a failed call is made again, as `retry` in the options of a method says.
///
/// The fields are those of gRPC's retry policy ([gRFC A6]). [`RetryLayer`](crate::layer::RetryLayer) says what follows
/// from it: of a method that is not declared idempotent, only calls that no handler has seen may be made again.
/// [`Policies`](crate::layer::Policies) say what takes its place.
///
/// ```
/// use std::time::Duration;
/// use nats_rpc::{Code, CodeSet, spec::RetrySpec};
///
/// const RETRY: RetrySpec = RetrySpec::new().with_max_attempts(4).with_initial_backoff(Duration::from_millis(50));
///
/// assert_eq!((RETRY.max_attempts(), RETRY.max_backoff()), (4, Duration::from_secs(1)));
/// assert_eq!(RETRY.retryable_codes(), CodeSet::of(&[Code::Unavailable]));
/// ```
///
/// [gRFC A6]: https://github.com/grpc/proposal/blob/master/A6-client-retries.md
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetrySpec {
    max_attempts: u32,
    initial_backoff: Duration,
    max_backoff: Duration,
    /// As bits, so that specs can be compared.
    backoff_multiplier: u64,
    retryable_codes: CodeSet,
}

impl RetrySpec {
    /// Three attempts, 20 ms growing by 2 up to 1 s between them, after UNAVAILABLE.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            max_attempts: 3,
            initial_backoff: Duration::from_millis(20),
            max_backoff: Duration::from_secs(1),
            backoff_multiplier: 2_f64.to_bits(),
            retryable_codes: CodeSet::of(&[Code::Unavailable]),
        }
    }

    /// No retries, where there would be some by default. What no handler has seen may be repeated all the same.
    #[must_use]
    pub const fn off() -> Self {
        Self { max_attempts: 1, ..Self::new() }
    }

    /// Sets how many attempts a call has, the first one included. The default is 3.
    ///
    /// # Panics
    /// When it is not 2 to 5; in a constant that is an error of the compiler.
    #[must_use]
    pub const fn with_max_attempts(mut self, attempts: u32) -> Self {
        assert!(2 <= attempts && attempts <= 5, "a call has 2 to 5 attempts");
        self.max_attempts = attempts;
        self
    }

    /// Sets the longest wait before the second attempt. The default is 20 ms.
    #[must_use]
    pub const fn with_initial_backoff(mut self, backoff: Duration) -> Self {
        self.initial_backoff = backoff;
        self
    }

    /// Sets the longest wait before any attempt. The default is 1 s.
    #[must_use]
    pub const fn with_max_backoff(mut self, backoff: Duration) -> Self {
        self.max_backoff = backoff;
        self
    }

    /// Sets by what the longest wait grows with each attempt. The default is 2.
    ///
    /// # Panics
    /// When it is not a number above 0; in a constant that is an error of the compiler.
    #[must_use]
    pub const fn with_backoff_multiplier(mut self, multiplier: f64) -> Self {
        assert!(multiplier > 0.0 && multiplier.is_finite(), "a multiplier is a number above 0");
        self.backoff_multiplier = multiplier.to_bits();
        self
    }

    /// Sets the codes after which a call is made again, if they are no fault of the caller's. The default is UNAVAILABLE.
    ///
    /// # Panics
    /// When there are none, or OK is one; in a constant that is an error of the compiler.
    #[must_use]
    pub const fn with_retryable_codes(mut self, codes: CodeSet) -> Self {
        assert!(!codes.is_empty() && !codes.contains(Code::Ok), "calls are made again after some failure");
        self.retryable_codes = codes;
        self
    }

    /// Whether there are no retries.
    #[must_use]
    pub const fn is_off(&self) -> bool {
        self.max_attempts == 1
    }

    /// Attempts, the first one included; 1 if retries are off.
    #[must_use]
    pub const fn max_attempts(&self) -> u32 {
        self.max_attempts
    }

    /// The longest wait before the second attempt.
    #[must_use]
    pub const fn initial_backoff(&self) -> Duration {
        self.initial_backoff
    }

    /// The longest wait before any attempt.
    #[must_use]
    pub const fn max_backoff(&self) -> Duration {
        self.max_backoff
    }

    /// By what the longest wait grows with each attempt.
    #[must_use]
    pub const fn backoff_multiplier(&self) -> f64 {
        f64::from_bits(self.backoff_multiplier)
    }

    /// The codes after which a call is made again.
    #[must_use]
    pub const fn retryable_codes(&self) -> CodeSet {
        self.retryable_codes
    }
}

impl Default for RetrySpec {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::RetrySpec;
    use crate::status::{Code, CodeSet};

    #[test]
    fn off_is_one_attempt() {
        assert!(RetrySpec::off().is_off() && !RetrySpec::new().is_off());
        assert_eq!(RetrySpec::off().max_attempts(), 1);
    }

    #[test]
    #[should_panic(expected = "2 to 5 attempts")]
    fn one_attempt_is_no_retry() {
        let _ = RetrySpec::new().with_max_attempts(1);
    }

    #[test]
    #[should_panic(expected = "after some failure")]
    fn success_is_not_repeated() {
        let codes = CodeSet::of(&[Code::Unavailable, Code::Ok]);
        let _ = RetrySpec::new().with_retryable_codes(codes);
    }
}
