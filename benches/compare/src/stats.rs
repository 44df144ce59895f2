//! Medians, quartiles, and ratios of what was measured in the same round.

use std::fmt;

/// The median of several measurements, and the quartiles around it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Spread {
    pub(crate) low: f64,
    pub(crate) median: f64,
    pub(crate) high: f64,
}

impl Spread {
    /// Nothing, if there are no values.
    pub(crate) fn of(values: impl IntoIterator<Item = f64>) -> Option<Self> {
        let mut values: Vec<_> = values.into_iter().collect();
        values.sort_by(f64::total_cmp);
        let at = |share| interpolated(&values, share);
        Some(Self { low: at(0.25)?, median: at(0.5)?, high: at(0.75)? })
    }

    /// Of the ratios within each round, so that what slows a whole round does not count.
    pub(crate) fn of_ratios(
        of: impl IntoIterator<Item = f64>,
        to: impl IntoIterator<Item = f64>,
    ) -> Option<Self> {
        Self::of(of.into_iter().zip(to).map(|(of, to)| of / to))
    }
}

impl fmt::Display for Spread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.2} ({:.2}..{:.2})", self.median, self.low, self.high)
    }
}

/// Between the two nearest of these values, which are in order.
fn interpolated(values: &[f64], share: f64) -> Option<f64> {
    let position = values.len().checked_sub(1)? as f64 * share;
    let (below, above) = (values[position.floor() as usize], values[position.ceil() as usize]);
    Some((above - below).mul_add(position.fract(), below))
}

/// The smallest of these values, which are in order, that such a share of them does not exceed.
pub(crate) fn quantile<T: Copy>(values: &[T], share: f64) -> Option<T> {
    let rank = (values.len() as f64 * share).ceil() as usize;
    values.get(rank.saturating_sub(1)).copied()
}

#[cfg(test)]
mod tests {
    use super::{Spread, quantile};

    #[test]
    fn median_and_quartiles_do_not_depend_on_the_order() {
        let spread = Spread::of([9.0, 1.0, 3.0, 7.0, 5.0]).unwrap();
        assert_eq!(spread, Spread { low: 3.0, median: 5.0, high: 7.0 });
    }

    #[test]
    fn between_two_values_there_is_a_median_too() {
        let spread = Spread::of([4.0, 2.0]).unwrap();
        assert_eq!(spread, Spread { low: 2.5, median: 3.0, high: 3.5 });
    }

    #[test]
    fn one_value_has_no_spread_and_none_has_nothing() {
        assert_eq!(Spread::of([2.0]), Some(Spread { low: 2.0, median: 2.0, high: 2.0 }));
        assert_eq!(Spread::of([]), None);
    }

    #[test]
    fn ratios_are_taken_within_a_round() {
        // The machine is ten times as slow in the second round.
        let (of, to) = ([200.0, 20.0, 300.0], [100.0, 10.0, 150.0]);
        let spread = Spread::of_ratios(of, to).unwrap();
        assert_eq!(spread, Spread { low: 2.0, median: 2.0, high: 2.0 });
    }

    #[test]
    fn quantiles_are_values_that_were_measured() {
        let values: Vec<_> = (1..=1000).collect();
        assert_eq!(quantile(&values, 0.5), Some(500));
        assert_eq!(quantile(&values, 0.99), Some(990));
        assert_eq!(quantile(&values, 1.0), Some(1000));
        assert_eq!(quantile(&[7], 0.5), Some(7));
        assert_eq!(quantile::<u32>(&[], 0.5), None);
    }
}
