use std::fmt;

use super::ratios::Ratio;
use crate::results::Outcome;
use crate::row::bytes;
use crate::sample::{self, Sample};
use crate::stats::Spread;

/// Markdown that can be read as it is.
pub(super) struct Table {
    title: String,
    header: Vec<String>,
    rows: Vec<Vec<String>>,
}

/// Numbers that have a title. Others have their name.
const TITLES: &[(&str, &str)] = &[
    (sample::PER_SECOND, "per second"),
    (sample::P50_US, "p50 us"),
    (sample::P99_US, "p99 us"),
    (sample::P999_US, "p99.9 us"),
    (sample::LATE_P99_US, "begun late, p99 us"),
    (sample::CPU_CLIENT_US, "CPU us: client"),
    (sample::CPU_SERVER_US, "server"),
    (sample::CPU_BROKER_US, "broker"),
    (sample::ALLOCATIONS, "allocations"),
    (sample::PEAK_MEMORY_KB, "peak KB"),
    (sample::MEMORY_CLIENT, "bytes each: client"),
    (sample::MEMORY_SERVER, "server"),
    (sample::MEMORY, "both"),
    (sample::MOST_LOADED, "most loaded / mean"),
    (sample::PROTOBUF_BYTES, "protobuf bytes"),
    (sample::JSON_BYTES, "JSON bytes"),
    (sample::BUILD_SECONDS, "seconds"),
];
/// Numbers that others are made of.
const HIDDEN: &[&str] = &[sample::CALLS, sample::SECONDS, sample::CPU_US, sample::OTHERS, sample::HELD];

impl Table {
    /// Outcomes of one scenario and payload, all of which have at least one sample.
    pub(super) fn of_outcomes(outcomes: &[Outcome]) -> Self {
        let columns = columns(outcomes);
        let mut header = vec!["c".to_owned(), "variant".to_owned()];
        header.extend(columns.iter().map(|(_, title)| (*title).to_owned()));
        let has_rates = columns.iter().any(|(name, _)| *name == sample::PER_SECOND);
        header.extend(has_rates.then(|| "per second / first".to_owned()));
        let mut first = None;
        let mut rows = Vec::new();
        for outcome in outcomes {
            // The first variant of each row is what the others are compared with.
            let first = match first {
                Some(first) if same_row(first, outcome) => first,
                _ => *first.insert(outcome),
            };
            let mut cells = vec![outcome.load.concurrency.to_string(), variant(outcome)];
            cells.extend(columns.iter().map(|(name, _)| cell(outcome, name)));
            let rate = |outcome: &Outcome| outcome.values(sample::PER_SECOND).collect::<Vec<_>>();
            let ratio = Spread::of_ratios(rate(outcome), rate(first));
            cells.extend(has_rates.then(|| ratio.map_or("-".to_owned(), |ratio| ratio.to_string())));
            rows.push(cells);
        }
        let title = outcomes.first().map(|outcome| match outcome.load.payload {
            0 => outcome.row.clone(),
            payload => format!("{}, {}", outcome.row, bytes(payload)),
        });
        Self { title: title.unwrap_or_default(), header, rows }
    }

    pub(super) fn of_ratios(ratios: &[Ratio]) -> Self {
        let header = ["figure", "value", "at least", "goal", ""].map(str::to_owned).to_vec();
        let rows = ratios.iter().map(|ratio| {
            let spread = Spread { low: ratio.low, median: ratio.value, high: ratio.high };
            let sign = if ratio.less_is_better { "<= " } else { "" };
            let [at_least, goal] = [ratio.at_least, ratio.goal].map(|limit| format!("{sign}{limit}"));
            vec![ratio.figure.clone(), spread.to_string(), at_least, goal, ratio.verdict().to_owned()]
        });
        Self { title: "Ratios".to_owned(), header, rows: rows.collect() }
    }
}

/// The numbers that some of these have, and what they are called.
fn columns(outcomes: &[Outcome]) -> Vec<(&str, &str)> {
    let samples = || outcomes.iter().flat_map(|outcome| &outcome.samples);
    let mut columns: Vec<_> = TITLES
        .iter()
        .filter(|(name, _)| samples().any(|sample| sample.get(name).is_some()))
        .copied()
        .collect();
    for name in samples().flat_map(Sample::names) {
        let is_known = columns.iter().any(|(known, _)| *known == name) || HIDDEN.contains(&name);
        let is_quiet =
            name == sample::ERRORS && samples().all(|sample| sample.get(name).is_none_or(|n| n == 0.0));
        if !is_known && !is_quiet {
            columns.push((name, name));
        }
    }
    columns
}

fn same_row(one: &Outcome, other: &Outcome) -> bool {
    one.row == other.row
        && (one.load.payload, one.load.concurrency) == (other.load.payload, other.load.concurrency)
}

fn variant(outcome: &Outcome) -> String {
    match &outcome.setup {
        Some(setup) => format!("{} ({setup})", outcome.variant),
        None => outcome.variant.to_owned(),
    }
}

/// The median; for rates with the quartiles.
fn cell(outcome: &Outcome, name: &str) -> String {
    let Some(Spread { low, median, high }) = outcome.spread(name) else { return "-".to_owned() };
    match name == sample::PER_SECOND {
        true => format!("{} ({}..{})", number(median), number(low), number(high)),
        false => number(median),
    }
}

/// About three digits, and thousands apart.
fn number(value: f64) -> String {
    match value.abs() {
        ..10.0 => return format!("{value:.2}"),
        ..100.0 => return format!("{value:.1}"),
        _ => {}
    }
    let digits = format!("{value:.0}");
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) && !text.ends_with('-') {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = || std::iter::once(&self.header).chain(&self.rows);
        let width = |column: usize| all().map(|row| row[column].len()).max().unwrap_or_default();
        let widths: Vec<_> = (0..self.header.len()).map(width).collect();
        writeln!(f, "### {}\n", self.title)?;
        for (index, row) in all().enumerate() {
            for (cell, width) in row.iter().zip(&widths) {
                write!(f, "| {cell:<width$} ")?;
            }
            writeln!(f, "|")?;
            if index == 0 {
                widths.iter().try_for_each(|width| write!(f, "|{:-<1$}", "", width + 2))?;
                writeln!(f, "|")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{Table, number};
    use crate::report::ratios::Ratio;
    use crate::stats::Spread;

    #[test]
    fn numbers_have_about_three_digits() {
        let text = [0.0, 1.234, 12.345, 123.4, 1234.5, 1_234_567.0].map(number);
        assert_eq!(text, ["0.00", "1.23", "12.3", "123", "1,234", "1,234,567"]);
    }

    #[test]
    fn columns_are_aligned() {
        let spread = Spread { low: 1.0, median: 2.0, high: 3.0 };
        let table = Table::of_ratios(&[Ratio::less("cost", spread, [3.0, 0.9])]).to_string();
        let expected = "\
### Ratios

| figure | value             | at least | goal   |        |
|--------|-------------------|----------|--------|--------|
| cost   | 2.00 (1.00..3.00) | <= 3     | <= 0.9 | enough |
";
        assert_eq!(table, expected);
    }
}
