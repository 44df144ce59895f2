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
