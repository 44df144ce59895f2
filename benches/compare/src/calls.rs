use std::time::Duration;

use crate::sample::{self, Sample};
use crate::stats::quantile;

/// How the calls of a window went.
#[derive(Debug, Default)]
pub(crate) struct Calls {
    took_ns: Vec<u32>,
    errors: u32,
    /// One of the errors.
    error: Option<String>,
}

impl Calls {
    pub(crate) fn succeeded(&mut self, took: Duration) {
        self.took_ns.push(took.as_nanos().try_into().unwrap_or(u32::MAX));
    }

    pub(crate) fn failed(&mut self, why: String) {
        self.errors += 1;
        self.error = Some(why);
    }

    /// Takes in those of another caller.
    pub(crate) fn add(&mut self, other: Self) {
        self.took_ns.extend(other.took_ns);
        self.errors += other.errors;
        self.error = self.error.take().or(other.error);
    }

    /// What they amount to, in a window of this length. Complains of errors.
    pub(crate) fn sample(mut self, window: Duration) -> Sample {
        if let Some(error) = &self.error {
            eprintln!("{} calls failed, one of them so: {error}", self.errors);
        }
        self.took_ns.sort_unstable();
        let mut sample = Sample::default()
            .with(sample::CALLS, self.took_ns.len() as f64)
            .with(sample::SECONDS, window.as_secs_f64())
            .with(sample::ERRORS, self.errors.into());
        for (name, share) in [(sample::P50_US, 0.5), (sample::P99_US, 0.99)] {
            if let Some(ns) = quantile(&self.took_ns, share) {
                sample.set(name, f64::from(ns) / 1e3);
            }
        }
        sample
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Calls;
    use crate::sample::{CALLS, ERRORS, P50_US, P99_US};

    #[test]
    fn callers_are_taken_together() {
        let (mut one, mut other) = (Calls::default(), Calls::default());
        (1..=50).for_each(|micros| one.succeeded(Duration::from_micros(micros)));
        (51..=100).for_each(|micros| other.succeeded(Duration::from_micros(micros)));
        other.failed("why".to_owned());
        other.add(one);
        let sample = other.sample(Duration::from_secs(1));
        let expected = [(CALLS, 100.0), (ERRORS, 1.0), (P50_US, 50.0), (P99_US, 99.0)];
        expected.iter().for_each(|(name, value)| assert_eq!(sample.get(name), Some(*value), "{name}"));
    }

    #[test]
    fn without_calls_there_is_no_latency() {
        let sample = Calls::default().sample(Duration::from_secs(1));
        assert_eq!((sample.get(CALLS), sample.get(P50_US)), (Some(0.0), None));
    }
}
