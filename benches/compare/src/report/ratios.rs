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

    pub(crate) fn is_enough(&self) -> bool {
        self.is_within(self.at_least)
    }

    pub(crate) fn reaches_its_goal(&self) -> bool {
        self.is_within(self.goal)
    }

    fn is_within(&self, limit: f64) -> bool {
        if self.less_is_better { self.value <= limit } else { self.value >= limit }
    }
}
