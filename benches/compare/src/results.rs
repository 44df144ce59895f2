use crate::row::{Load, bytes};
use crate::sample::{OTHERS, Sample};
use crate::stats::Spread;

/// All that was measured.
#[derive(Debug, Default)]
pub(crate) struct Results(pub(crate) Vec<Outcome>);

/// One variant of a row.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) row: String,
    pub(crate) load: Load,
    pub(crate) variant: &'static str,
    /// The setup that was measured, where there were several to choose from.
    pub(crate) setup: Option<String>,
    /// One for each round.
    pub(crate) samples: Vec<Sample>,
}

/// Names a row.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Key<'a> {
    pub(crate) row: &'a str,
    pub(crate) payload: usize,
    pub(crate) concurrency: usize,
}

impl Key<'_> {
    /// The load in words.
    pub(crate) fn load(&self) -> String {
        format!("{}, c = {}", bytes(self.payload), self.concurrency)
    }
}

impl Results {
    pub(crate) fn find(&self, key: Key<'_>, variant: &str) -> Option<&Outcome> {
        self.0.iter().find(|outcome| {
            let load = (outcome.load.payload, outcome.load.concurrency);
            outcome.row == key.row && load == (key.payload, key.concurrency) && outcome.variant == variant
        })
    }

    /// What share of the machine processes took that are none of ours, as a rule.
    pub(crate) fn others(&self) -> Option<f64> {
        Spread::of(self.0.iter().flat_map(|outcome| outcome.values(OTHERS))).map(|spread| spread.median)
    }

    /// The ratio of a number of two variants, paired within the rounds. Nothing, if one was not measured.
    pub(crate) fn ratio(&self, key: Key<'_>, [of, to]: [&str; 2], number: &str) -> Option<Spread> {
        let (of, to) = (self.find(key, of)?, self.find(key, to)?);
        Spread::of_ratios(of.values(number), to.values(number))
    }
}

impl Outcome {
    /// This number of each round; fewer, where it was not measured.
    pub(crate) fn values(&self, number: &str) -> impl Iterator<Item = f64> {
        self.samples.iter().filter_map(move |sample| sample.get(number))
    }

    pub(crate) fn spread(&self, number: &str) -> Option<Spread> {
        Spread::of(self.values(number))
    }
}
