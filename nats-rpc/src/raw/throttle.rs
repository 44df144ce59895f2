use std::sync::atomic::{AtomicU32, Ordering};

/// Tokens are counted in thousandths, as precise as gRPC takes a ratio.
const TOKEN: u32 = 1000;

/// Stops retries and hedges while too many calls fail: `retryThrottling` of gRPC ([gRFC A6]).
///
/// It starts with `max_tokens`. A failure that would be retried, or that the service asks not to retry, takes one token;
/// a success gives `token_ratio` of one back. While there is half or less, no retries and no hedges are made. What the
/// service has not processed counts neither way and may be repeated.
///
/// Off by default, since on a queue group it does harm: with gRPC's usual 10 and 0.1 it stops all retries above
/// about 10 % of failures, and so just when one of three instances is bad. A [`Budget`](super::Budget) goes on with as
/// many as it has.
///
/// ```
/// use nats_rpc::layer::Throttle;
///
/// let throttle = Throttle::new(2, 0.5);
/// throttle.failed();
/// assert!(!throttle.allows(), "half of the tokens are gone");
/// throttle.succeeded();
/// assert!(throttle.allows());
/// ```
///
/// [gRFC A6]: https://github.com/grpc/proposal/blob/master/A6-client-retries.md
#[derive(Debug)]
pub struct Throttle {
    max: u32,
    ratio: u32,
    tokens: AtomicU32,
}

impl Throttle {
    /// With so many tokens, and so much of one for a success, to three decimal places.
    ///
    /// # Panics
    /// When `max_tokens` is not 1 to 1,000, or `token_ratio` not a number from 0.001 to 1,000.
    #[must_use]
    pub fn new(max_tokens: u32, token_ratio: f64) -> Self {
        assert!((1..=1000).contains(&max_tokens), "a throttle has 1 to 1000 tokens, not {max_tokens}");
        let range = 0.001..=1000.0;
        assert!(range.contains(&token_ratio), "a throttle's ratio is 0.001 to 1000, not {token_ratio}");
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is in the range")]
        let ratio = (token_ratio * f64::from(TOKEN)).round() as u32;
        let max = max_tokens * TOKEN;
        Self { max, ratio, tokens: AtomicU32::new(max) }
    }

    /// Whether retries and hedges may be made.
    #[must_use]
    pub fn allows(&self) -> bool {
        self.tokens.load(Ordering::Relaxed) > self.max / 2
    }

    /// A call has succeeded.
    pub fn succeeded(&self) {
        let more = |tokens: u32| (tokens < self.max).then(|| self.max.min(tokens + self.ratio));
        let _ = self.tokens.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more);
    }

    /// An attempt has failed with a code after which calls are retried or hedged, or the service has asked for neither.
    pub fn failed(&self) {
        let less = |tokens: u32| Some(tokens.saturating_sub(TOKEN));
        let _ = self.tokens.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
    }
}

#[cfg(test)]
mod tests {
    use super::Throttle;

    fn after(throttle: &Throttle, failures: usize, successes: usize) -> bool {
        (0..failures).for_each(|_| throttle.failed());
        (0..successes).for_each(|_| throttle.succeeded());
        throttle.allows()
    }

    #[test]
    fn half_of_the_tokens_is_too_little() {
        let throttle = Throttle::new(10, 0.1);
        assert!(after(&throttle, 4, 0));
        assert!(!after(&throttle, 1, 0), "five of ten");
        assert!(after(&throttle, 0, 1), "a success is above the threshold again");
    }

    #[test]
    fn there_are_never_more_than_the_maximum_and_never_less_than_none() {
        let throttle = Throttle::new(10, 0.1);
        assert!(!after(&throttle, 100, 50), "five of ten");
        assert!(after(&throttle, 0, 1));
        assert!(!after(&throttle, 5, 0) && !after(&throttle, 0, 49) && after(&throttle, 0, 1));
        assert!(after(&throttle, 0, 1000));
        assert!(!after(&throttle, 5, 0), "a thousand successes are no more than ten tokens");
    }

    #[test]
    fn an_odd_maximum_is_halved_exactly() {
        let throttle = Throttle::new(3, 0.001);
        assert!(after(&throttle, 1, 0), "two of three");
        assert!(!after(&throttle, 1, 500), "one and a half");
        assert!(after(&throttle, 0, 1));
    }

    #[test]
    #[should_panic(expected = "1 to 1000 tokens, not 0")]
    fn no_tokens_are_refused() {
        let _ = Throttle::new(0, 0.1);
    }

    #[test]
    #[should_panic(expected = "ratio is 0.001 to 1000, not NaN")]
    fn what_is_no_number_is_refused() {
        let _ = Throttle::new(10, f64::NAN);
    }
}
