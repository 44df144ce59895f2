use std::path::Path;

use super::chart::{Chart, Line};
use crate::Error;
use crate::results::Outcome;
use crate::row::{Load, bytes};
use crate::sample::{P50_US, PER_SECOND};

/// What is plotted: its name, and what it is called.
const NUMBERS: [(&str, &str); 2] = [(PER_SECOND, "per second"), (P50_US, "p50, us")];

/// Writes plots of all rows of one name: over the callers, for each payload; or over the payloads.
pub(super) fn write(directory: &Path, outcomes: &[Outcome]) -> Result<(), Error> {
    let Some(first) = outcomes.first() else { return Ok(()) };
    for (number, title) in NUMBERS {
        for outcomes in outcomes.chunk_by(|a, b| a.load.payload == b.load.payload) {
            let name = format!("{}, {}", first.row, bytes(outcomes[0].load.payload));
            let lines = lines(outcomes, number, |load| load.concurrency);
            draw(
                directory,
                &name,
                number,
                &Chart { title: format!("{name}: {title}"), over: "callers", lines },
            )?;
        }
        if outcomes.iter().all(|outcome| outcome.load.concurrency == first.load.concurrency) {
            let lines = lines(outcomes, number, |load| load.payload);
            let title = format!("{}: {title}", first.row);
            draw(directory, &first.row, number, &Chart { title, over: "bytes", lines })?;
        }
    }
    Ok(())
}

fn draw(directory: &Path, name: &str, number: &str, chart: &Chart<'_>) -> Result<(), Error> {
    let file = format!("{name} {number}.svg").replace(',', "").replace([' ', '_'], "-");
    if chart.shows_something() { chart.draw(&directory.join(file)) } else { Ok(()) }
}

/// The points of each variant, in the order of the rows.
fn lines<'a>(outcomes: &'a [Outcome], number: &str, over: fn(&Load) -> usize) -> Vec<Line<'a>> {
    let mut lines: Vec<Line<'_>> = Vec::new();
    for outcome in outcomes {
        let Some(value) = outcome.spread(number).map(|spread| spread.median) else { continue };
        let point = (over(&outcome.load) as f64, value);
        match lines.iter_mut().find(|(variant, _)| *variant == outcome.variant) {
            Some((_, points)) => points.push(point),
            None => lines.push((outcome.variant, vec![point])),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::time::Duration;

    use super::write;
    use crate::results::Outcome;
    use crate::row::Load;
    use crate::sample::{PER_SECOND, Sample};

    fn outcome(payload: usize, concurrency: usize) -> Outcome {
        let brief = Duration::from_secs(1);
        let load = Load { payload, concurrency, warm_up: brief, window: brief };
        let samples = vec![Sample::default().with(PER_SECOND, 1000.0)];
        Outcome { row: "a row".to_owned(), load, variant: "raw", setup: None, samples }
    }

    /// The names of the plots of these rows.
    fn plots(outcomes: &[Outcome]) -> Vec<String> {
        let directory = tempfile::tempdir().unwrap();
        write(directory.path(), outcomes).unwrap();
        let files = fs::read_dir(directory.path()).unwrap().flatten();
        let mut names: Vec<_> = files.map(|file| file.file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn what_varies_is_the_axis() {
        let callers = [outcome(16, 1), outcome(16, 64), outcome(1024, 1), outcome(1024, 64)];
        assert_eq!(plots(&callers), ["a-row-1-KiB-per-second.svg", "a-row-16-B-per-second.svg"]);
        assert_eq!(plots(&[outcome(16, 1), outcome(1024, 1)]), ["a-row-per-second.svg"]);
        assert_eq!(plots(&[outcome(16, 1)]), [""; 0]);
    }
}
