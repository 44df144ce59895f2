use crate::options::Options;
use crate::report::ratios::Ratio;
use crate::results::Results;
use crate::row::Row;
use crate::{Error, arrival, build_time, memory, payload, spread, start, streams, unary};

/// A part of the benchmark.
pub(crate) struct Scenario {
    pub(crate) rows: fn(&Options) -> Vec<Row>,
    /// What of the goals can be told from its rows. Those that were not measured are left out.
    pub(crate) ratios: fn(&Results) -> Vec<Ratio>,
}

/// In the order in which they are measured and reported.
pub(crate) const ALL: &[Scenario] = &[
    unary::SCENARIO,
    streams::SCENARIO,
    memory::SCENARIO,
    arrival::SCENARIO,
    spread::SCENARIO,
    payload::SCENARIO,
    start::SCENARIO,
    build_time::SCENARIO,
];

/// The rows to measure.
pub(crate) fn rows(options: &Options) -> Result<Vec<Row>, Error> {
    let mut rows: Vec<_> = ALL.iter().flat_map(|scenario| (scenario.rows)(options)).collect();
    let labels: Vec<_> = rows.iter().map(Row::label).collect();
    rows.retain(|row| options.want(&row.label(), &labels));
    match rows.is_empty() {
        true => Err(format!("no such row; there are:\n  {}", labels.join("\n  ")).into()),
        false => Ok(rows),
    }
}
