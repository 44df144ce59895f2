use super::fields::{Fields, Node};
use super::notes::Notes;
use super::number;
use crate::raw::Throttle;

const KNOWN: &[&str] = &["maxTokens", "tokenRatio"];

/// How retries and hedges are throttled, as `retryThrottling` says; see [`Throttle`](crate::layer::Throttle).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Throttling {
    max_tokens: u32,
    /// In thousandths, as gRPC counts.
    token_ratio: u32,
}

impl Throttling {
    /// The largest `maxTokens`.
    const MOST_TOKENS: u32 = 1000;

    /// How many tokens there are at first, and at most: 1 to 1000. A failure takes one.
    #[must_use]
    pub const fn max_tokens(&self) -> u32 {
        self.max_tokens
    }

    /// How many tokens a success gives, to three decimal places.
    #[must_use]
    pub fn token_ratio(&self) -> f64 {
        f64::from(self.token_ratio) / 1000.0
    }

    /// What throttles one service so.
    #[must_use]
    pub fn throttle(&self) -> Throttle {
        Throttle::new(self.max_tokens, self.token_ratio())
    }
}

/// Reads `retryThrottling` by the rules under "Validation of retryThrottling" in gRFC A6.
pub(super) fn read(node: &Node<'_>, notes: &mut Notes) -> Option<Throttling> {
    const TOKENS: &str = "give an integer from 1 to 1000";
    let fields = Fields::of(node, KNOWN, &[], notes)?;
    let tokens_node = fields.required("maxTokens", TOKENS, notes);
    let tokens =
        tokens_node.as_ref().and_then(|node| node.value.as_u64()).and_then(|n| u32::try_from(n).ok());
    let max_tokens = tokens.filter(|tokens| (1..=Throttling::MOST_TOKENS).contains(tokens));
    if let Some(node) = tokens_node.filter(|_| max_tokens.is_none()) {
        notes.refuse(&node, TOKENS);
    }
    let ratio_node = fields.required("tokenRatio", number::ABOVE_ZERO, notes)?;
    let ratio = number::above_zero(&ratio_node, notes)?;
    let token_ratio = thousandths(ratio);
    if token_ratio == 0 {
        notes.refuse(&ratio_node, "give at least 0.001; further decimal places are ignored");
        return None;
    }
    Some(Throttling { max_tokens: max_tokens?, token_ratio })
}

/// The whole thousandths in a number above 0. More than the largest `maxTokens` makes no difference.
fn thousandths(number: f64) -> u32 {
    // What is not exact in binary must not fall below the thousandth that was written.
    let thousandths = number.min(Throttling::MOST_TOKENS.into()).mul_add(1000.0, 1e-6).floor();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is 0 to a million")]
    let thousandths = thousandths as u32;
    thousandths
}

#[cfg(test)]
mod tests {
    use super::thousandths;

    #[test]
    fn three_decimal_places_count() {
        for n in 0..=10_000 {
            let written = |decimals: &str| format!("{}.{:03}{decimals}", n / 1000, n % 1000).parse().unwrap();
            assert_eq!(thousandths(written("")), n);
            assert_eq!(thousandths(written("6")), n);
            assert_eq!(thousandths(written("9999")), n, "the rest is ignored, not rounded");
        }
        assert_eq!(thousandths(0.0009), 0);
        assert_eq!(thousandths(f64::MAX), 1_000_000);
    }
}
