//! How often what happened, to see that a run is worth something.

use std::collections::BTreeMap;
use std::fmt;

/// Counts by what they count.
#[derive(Debug, Clone, Default)]
pub(crate) struct Totals(BTreeMap<&'static str, u64>);

impl Totals {
    pub(crate) fn add(&mut self, what: &'static str, times: usize) {
        *self.0.entry(what).or_default() += times as u64;
    }

    pub(crate) fn plus(mut self, other: Self) -> Self {
        for (what, times) in other.0 {
            *self.0.entry(what).or_default() += times;
        }
        self
    }

    /// A simulation in which something never happens shows nothing about it.
    pub(crate) fn assert_that_everything_was_tried(&self) {
        assert!(!self.0.is_empty() && self.0.values().all(|times| *times > 0), "{self}");
    }
}

impl fmt::Display for Totals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts: Vec<String> = self.0.iter().map(|(what, times)| format!("{times} {what}")).collect();
        f.write_str(&counts.join(", "))
    }
}
