use serde_json::{Map, Value, json};

use super::machine::Machine;
use super::ratios::Ratio;
use crate::results::{Outcome, Results};
use crate::sample::{CPU_US, P50_US, P99_US, PER_SECOND, Sample};

/// All of it, for scripts.
pub(super) fn report(results: &Results, ratios: &[Ratio], machine: &Machine) -> Value {
    let rows: Vec<_> = results.0.iter().map(row).collect();
    json!({ "machine": machine, "rows": rows, "ratios": ratios })
}

/// Medians of the rounds; `low` and `high` are the quartiles of `per_second`.
fn row(outcome: &Outcome) -> Value {
    let mut row = Map::new();
    row.insert("row".to_owned(), outcome.row.clone().into());
    row.insert("payload".to_owned(), outcome.load.payload.into());
    row.insert("concurrency".to_owned(), outcome.load.concurrency.into());
    row.insert("variant".to_owned(), outcome.variant.into());
    // Each row has these, null where they mean nothing.
    for name in [PER_SECOND, P50_US, P99_US, CPU_US] {
        row.insert(name.to_owned(), Value::Null);
    }
    for name in outcome.samples.iter().flat_map(Sample::names) {
        row.insert(name.to_owned(), outcome.spread(name).map(|spread| spread.median).into());
    }
    if let Some(spread) = outcome.spread(PER_SECOND) {
        row.insert("low".to_owned(), spread.low.into());
        row.insert("high".to_owned(), spread.high.into());
    }
    if let Some(setup) = &outcome.setup {
        row.insert("setup".to_owned(), setup.clone().into());
    }
    row.insert("rounds".to_owned(), outcome.samples.len().into());
    row.into()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::report;
    use crate::report::machine::Machine;
    use crate::report::ratios::Ratio;
    use crate::results::{Outcome, Results};
    use crate::row::Load;
    use crate::sample::{CPU_US, P50_US, P99_US, PER_SECOND, Sample};
    use crate::stats::Spread;

    fn outcome(samples: Vec<Sample>) -> Outcome {
        let brief = Duration::from_secs(1);
        let load = Load { payload: 16, concurrency: 64, warm_up: brief, window: brief };
        Outcome { row: "unary".to_owned(), load, variant: "raw", setup: None, samples }
    }

    fn sample(factor: f64) -> Sample {
        let numbers = [(PER_SECOND, 1000.0), (P50_US, 10.0), (P99_US, 20.0), (CPU_US, 2.0)];
        numbers.iter().fold(Sample::default(), |sample, (name, value)| sample.with(name, value * factor))
    }

    #[test]
    fn scripts_find_what_they_are_promised() {
        let results = Results(vec![outcome(vec![sample(1.0), sample(3.0), sample(2.0)])]);
        let spread = Spread { low: 1.0, median: 1.5, high: 2.0 };
        let ratios = [Ratio::less("cost", spread, [1.6, 1.4])];
        let machine = Machine::look(".".as_ref(), "2.15.1");
        let report = report(&results, &ratios, &machine);

        let row = &report["rows"][0];
        assert_eq!((&row["row"], &row["variant"]), (&"unary".into(), &"raw".into()));
        let numbers = [
            ("payload", 16.0),
            ("concurrency", 64.0),
            ("per_second", 2000.0),
            ("p50_us", 20.0),
            ("p99_us", 40.0),
            ("cpu_us_per_call", 4.0),
            ("low", 1500.0),
            ("high", 2500.0),
        ];
        for (name, value) in numbers {
            assert_eq!(row[name].as_f64(), Some(value), "{name}");
        }
        let ratio = &report["ratios"][0];
        assert_eq!(ratio["figure"], "cost");
        let numbers = [("value", 1.5), ("low", 1.0), ("high", 2.0), ("at_least", 1.6), ("goal", 1.4)];
        for (name, value) in numbers {
            assert_eq!(ratio[name].as_f64(), Some(value), "{name}");
        }
        assert_eq!(ratio["less_is_better"], true);
        for name in ["cores", "model", "kernel", "rustc", "nats_server", "tonic", "async_nats"] {
            assert!(!report["machine"][name].is_null(), "{name}");
        }
    }

    #[test]
    fn what_means_nothing_is_null() {
        let report =
            report(&Results(vec![outcome(vec![Sample::default()])]), &[], &Machine::look(".".as_ref(), ""));
        for name in ["per_second", "p50_us", "p99_us", "cpu_us_per_call"] {
            assert!(report["rows"][0].get(name).is_some_and(serde_json::Value::is_null), "{name}");
        }
    }
}
