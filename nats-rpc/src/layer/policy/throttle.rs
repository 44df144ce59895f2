use std::sync::atomic::{AtomicU32, Ordering};

use super::Throttling;

/// Stops further attempts at a service where too many fail: the token count of [gRFC A6], "Throttling Retry Attempts and
/// Hedged RPCs".
///
/// There are `maxTokens` at first, and at most. Each failure takes one, each success gives `tokenRatio`. While half of
/// them or fewer are left there are no further attempts. What counts as a failure: an attempt that ended with a code
/// after which the policy would go on, or with a pushback that says not to.
///
/// It is off unless a [service config](super::ServiceConfig) asks for it: with one bad instance of three it turns off the
/// retries that would help, which a [budget](crate::layer) does not.
///
/// [gRFC A6]: https://github.com/grpc/proposal/blob/master/A6-client-retries.md
#[derive(Debug)]
pub struct Throttle {
    /// In thousandths.
    tokens: AtomicU32,
    max: u32,
    per_success: u32,
}

impl Throttle {
    /// With all its tokens.
    #[must_use]
    pub fn new(throttling: Throttling) -> Self {
        let max = throttling.max_tokens() * 1000;
        Self { tokens: AtomicU32::new(max), max, per_success: throttling.token_ratio_in_thousandths() }
    }

    /// An attempt succeeded.
    pub fn succeeded(&self) {
        self.change(|tokens| tokens.saturating_add(self.per_success).min(self.max));
    }

    /// An attempt failed.
    pub fn failed(&self) {
        self.change(|tokens| tokens.saturating_sub(1000));
    }

    /// Whether further attempts may be made.
    #[must_use]
    pub fn allows(&self) -> bool {
        self.tokens.load(Ordering::Relaxed) > self.max / 2
    }

    fn change(&self, change: impl Fn(u32) -> u32) {
        // Nothing is written, which is an error, where nothing changes: when all is well all tokens are there.
        let changed = |tokens| Some(change(tokens)).filter(|new| *new != tokens);
        let _ = self.tokens.fetch_update(Ordering::Relaxed, Ordering::Relaxed, changed);
    }
}

#[cfg(test)]
mod tests {
    use super::Throttle;
    use crate::layer::ServiceConfig;

    fn throttle(max_tokens: u32, token_ratio: f64) -> Throttle {
        let json = format!(
            r#"{{ "retryThrottling": {{ "maxTokens": {max_tokens}, "tokenRatio": {token_ratio} }} }}"#
        );
        Throttle::new(ServiceConfig::parse(&json).unwrap().throttling().unwrap())
    }

    #[test]
    fn half_of_the_tokens_is_too_few() {
        let throttle = throttle(10, 0.1);
        for left in (6..10).rev() {
            throttle.failed();
            assert!(throttle.allows(), "{left} are left");
        }
        throttle.failed();
        assert!(!throttle.allows(), "5 of 10 are not above the half");
        throttle.succeeded();
        assert!(throttle.allows(), "5.1 are");
    }

    #[test]
    fn there_are_never_more_than_at_first_nor_less_than_none() {
        let throttle = throttle(3, 0.5);
        (0..100).for_each(|_| throttle.succeeded());
        throttle.failed();
        assert!(throttle.allows());
        throttle.failed();
        assert!(!throttle.allows(), "1 of 3: successes were not saved up");
        (0..100).for_each(|_| throttle.failed());
        (0..3).for_each(|_| throttle.succeeded());
        assert!(!throttle.allows(), "1.5 of 3");
        throttle.succeeded();
        assert!(throttle.allows(), "2 of 3: failures were not either");
    }
}
