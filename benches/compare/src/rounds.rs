use crate::Error;
use crate::broker::Broker;
use crate::measure::Measurement;
use crate::options::Options;
use crate::progress::Progress;
use crate::results::{Outcome, Results};
use crate::row::{Load, Row, Setup, Variant};
use crate::sample::{self, Sample};

/// Measures all rows, the variants of each in turn.
pub(crate) fn run(rows: &[Row], options: &Options, broker: &Broker) -> Result<Results, Error> {
    let mut results = Results::default();
    let mut progress = Progress::new(rows);
    for row in rows {
        let mut rounds = Rounds { row, options, broker, progress: &mut progress, tried: Vec::new() };
        results.0.extend(rounds.run()?);
    }
    Ok(results)
}

/// The rounds of one row.
struct Rounds<'a> {
    row: &'a Row,
    options: &'a Options,
    broker: &'a Broker,
    progress: &'a mut Progress,
    /// What each setup made per second when it was tried: variants may share some.
    tried: Vec<(Setup, f64)>,
}

impl Rounds<'_> {
    fn run(&mut self) -> Result<Vec<Outcome>, Error> {
        let (row, rounds) = (self.row, self.row.rounds);
        let setups =
            row.variants.iter().map(|variant| self.choose(variant)).collect::<Result<Vec<_>, _>>()?;
        let mut samples = vec![Vec::new(); setups.len()];
        for round in 0..rounds {
            // Each round begins with another one, so that none always runs behind the same other.
            for turn in 0..setups.len() {
                let number = (round + turn) % setups.len();
                let variant = &row.variants[number];
                self.progress
                    .show(&row.label(), &format!("round {} of {rounds}, {}", round + 1, variant.name));
                samples[number].push(self.measure(&row.load, variant, setups[number])?);
                self.progress.advance();
            }
        }
        for ((variant, setup), samples) in row.variants.iter().zip(&setups).zip(&mut samples) {
            if variant.counts_allocations {
                self.progress.show(&row.label(), &format!("allocations, {}", variant.name));
                samples[0].set(sample::ALLOCATIONS, self.allocations(variant, setup)?);
            }
        }
        let variants = row.variants.iter().zip(setups).zip(samples);
        let outcomes = variants.map(|((variant, setup), samples)| Outcome {
            row: row.name.clone(),
            load: row.load.clone(),
            variant: variant.name,
            setup: (variant.setups.len() > 1).then(|| setup.name.clone()),
            samples,
        });
        Ok(outcomes.collect())
    }

    /// Tries all setups of a variant briefly.
    fn choose<'b>(&mut self, variant: &'b Variant) -> Result<&'b Setup, Error> {
        if let [only] = &variant.setups[..] {
            return Ok(only);
        }
        for _ in 0..self.options.tries() {
            for setup in &variant.setups {
                self.attempt(variant, setup)?;
            }
        }
        let rate = |setup: &Setup| self.rates(setup).sum::<f64>();
        let best = variant.setups.iter().max_by(|one, other| rate(one).total_cmp(&rate(other)));
        let setup = best.ok_or("a variant without a setup")?;
        self.progress.note(&format!("{}: {} won with {}", self.row.label(), variant.name, setup.name));
        Ok(setup)
    }

    /// Measures a setup briefly, unless that was done often enough.
    fn attempt(&mut self, variant: &Variant, setup: &Setup) -> Result<(), Error> {
        if self.rates(setup).count() < self.options.tries() {
            self.progress.show(&self.row.label(), &format!("trying {}, {}", variant.name, setup.name));
            let sample = self.measure(&self.row.load.halved(), variant, setup)?;
            self.tried.push((setup.clone(), sample.get(sample::PER_SECOND).unwrap_or_default()));
        }
        Ok(())
    }

    /// What a setup made per second when it was tried.
    fn rates(&self, setup: &Setup) -> impl Iterator<Item = f64> {
        self.tried.iter().filter(move |(tried, _)| tried == setup).map(|(_, rate)| *rate)
    }

    fn allocations(&self, variant: &Variant, setup: &Setup) -> Result<f64, Error> {
        let counting = Measurement { counts_allocations: true, ..self.measurement(setup) };
        let sample = self.run_twice_at_most(&counting, variant)?;
        Ok(sample.get(sample::ALLOCATIONS).ok_or("a worker did not count its allocations")?)
    }

    fn measure(&self, load: &Load, variant: &Variant, setup: &Setup) -> Result<Sample, Error> {
        self.run_twice_at_most(&Measurement { load, ..self.measurement(setup) }, variant)
    }

    fn measurement<'b>(&'b self, setup: &'b Setup) -> Measurement<'b> {
        Measurement { broker: self.broker, load: &self.row.load, setup, counts_allocations: false }
    }

    /// A second failure ends all; for one, half an hour of measurements is not to be lost.
    fn run_twice_at_most(&self, measurement: &Measurement<'_>, variant: &Variant) -> Result<Sample, Error> {
        let explain =
            |error| format!("{}, {}, {}: {error}", self.row.label(), variant.name, measurement.setup.name);
        measurement.run().or_else(|error: Error| {
            self.progress.note(&format!("{}; once more", explain(error)));
            measurement.run().map_err(|error| explain(error).into())
        })
    }
}
