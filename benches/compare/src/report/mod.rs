//! What the results are told as.

mod chart;
mod json;
mod machine;
mod plot;
pub(crate) mod ratios;
mod table;

use std::fmt::Write as _;
use std::path::Path;
use std::{fs, io};

use crate::Error;
use crate::broker::Broker;
use crate::results::Results;
use crate::scenario;
use machine::Machine;
use table::Table;

/// Where all files go, in the workspace.
const DIRECTORY: &str = "target/bench";

/// Such a share of the machine others may take before the report warns. Interrupts of the network are counted among them.
const QUIET: f64 = 0.05;

/// Prints the tables, and writes them, the plots and the numbers.
pub(crate) fn write(results: &Results, broker: &Broker) -> Result<(), Error> {
    let ratios: Vec<_> = scenario::ALL.iter().flat_map(|scenario| (scenario.ratios)(results)).collect();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize()?;
    let machine = Machine::look(&root, &broker.version);
    let directory = root.join(DIRECTORY);
    // Plots of an earlier run would stay.
    match fs::remove_dir_all(&directory) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
        _ => fs::create_dir_all(&directory)?,
    }

    let mut text = format!("{machine}\n");
    if let Some(share) = results.others().filter(|share| *share > QUIET) {
        writeln!(text, "\n**Not quiet**: other processes took {:.0} % of the machine.", 100.0 * share)?;
    }
    for outcomes in results.0.chunk_by(|a, b| a.row == b.row && a.load.payload == b.load.payload) {
        writeln!(text, "\n{}", Table::of_outcomes(outcomes))?;
    }
    if !ratios.is_empty() {
        writeln!(text, "\n{}", Table::of_ratios(&ratios))?;
    }
    for outcomes in results.0.chunk_by(|a, b| a.row == b.row) {
        plot::write(&directory, outcomes)?;
    }
    print!("{text}");
    fs::write(directory.join("report.md"), text)?;
    let report = json::report(results, &ratios, &machine);
    fs::write(directory.join("report.json"), serde_json::to_string_pretty(&report)?)?;
    eprintln!("report.json, report.md and plots are in {}", directory.display());
    Ok(())
}
