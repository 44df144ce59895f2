//! What the results are told as.

mod json;
mod machine;
pub(crate) mod ratios;

use std::fs;
use std::path::Path;

use crate::Error;
use crate::broker::Broker;
use crate::results::Results;
use crate::scenario;
use machine::Machine;

/// Where all files go.
const DIRECTORY: &str = "target/bench";

/// Prints the tables, and writes them and what they were made of.
pub(crate) fn write(results: &Results, broker: &Broker) -> Result<(), Error> {
    let ratios: Vec<_> = scenario::ALL.iter().flat_map(|scenario| (scenario.ratios)(results)).collect();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let machine = Machine::look(&root, &broker.version);
    let directory = root.join(DIRECTORY);
    fs::create_dir_all(&directory)?;
    let report = json::report(results, &ratios, &machine);
    fs::write(directory.join("report.json"), serde_json::to_string_pretty(&report)?)?;
    println!("{}", serde_json::to_string_pretty(&report)?);
    Ok(())
}
