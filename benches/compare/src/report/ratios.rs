use serde::Serialize;

use crate::stats::Spread;

/// A figure that there is a goal for.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Ratio {
    pub(crate) figure: String,
    pub(crate) value: f64,
    pub(crate) low: f64,
    pub(crate) high: f64,
    pub(crate) at_least: f64,
    pub(crate) goal: f64,
    /// Then `at_least` is the most that it may be.
    pub(crate) less_is_better: bool,
}

impl Ratio {
    /// More is better.
    pub(crate) fn more(figure: impl Into<String>, of: Spread, [at_least, goal]: [f64; 2]) -> Self {
        let Spread { low, median, high } = of;
        Self { figure: figure.into(), value: median, low, high, at_least, goal, less_is_better: false }
    }

    /// Less is better.
    pub(crate) fn less(figure: impl Into<String>, of: Spread, limits: [f64; 2]) -> Self {
        Self { less_is_better: true, ..Self::more(figure, of, limits) }
    }

    /// What it amounts to, in one word.
    pub(super) fn verdict(&self) -> &'static str {
        match (self.is_within(self.goal), self.is_within(self.at_least)) {
            (true, _) => "goal",
            (false, true) => "enough",
            (false, false) => "missed",
        }
    }

    fn is_within(&self, limit: f64) -> bool {
        if self.less_is_better { self.value <= limit } else { self.value >= limit }
    }
}

#[cfg(test)]
mod tests {
    use super::Ratio;
    use crate::stats::Spread;

    fn spread(value: f64) -> Spread {
        Spread { low: value, median: value, high: value }
    }

    #[test]
    fn limits_belong_to_what_they_limit() {
        let verdict = |value| Ratio::more("rate", spread(value), [1.5, 5.0]).verdict();
        assert_eq!([1.49, 1.5, 4.99, 5.0].map(verdict), ["missed", "enough", "enough", "goal"]);
        let verdict = |value| Ratio::less("cost", spread(value), [1.0, 0.9]).verdict();
        assert_eq!([1.01, 1.0, 0.91, 0.9].map(verdict), ["missed", "enough", "enough", "goal"]);
    }
}
