//! nats-rpc beside raw async-nats, tonic and the bare protocol, on one machine, measured alternately.
//!
//! The program starts itself again for each client and service that it measures (`worker`), `measure`s a row's
//! variants in turn (`rounds`), and `report`s medians and ratios. What is measured is in modules of its own, each a
//! `Scenario`.

mod api;
mod arrival;
mod broker;
mod build_time;
mod calls;
mod load;
mod measure;
mod memory;
mod options;
mod payload;
mod process;
mod progress;
mod report;
mod results;
mod rounds;
mod row;
mod sample;
mod scenario;
mod spread;
mod stack;
mod start;
mod stats;
mod streams;
mod unary;
mod usage;
mod worker;

use std::process::ExitCode;

use broker::Broker;
use options::Options;
use results::Results;

/// Whatever failed. It ends the program, which prints it.
type Error = Box<dyn std::error::Error + Send + Sync>;

/// Runs the benchmark, or a part of it as a worker: `worker JOB`.
#[must_use]
pub fn main() -> ExitCode {
    let mut words = std::env::args().skip(1);
    let result = match words.next().as_deref() {
        Some("worker") => worker::run(words.next()),
        first => Options::parse(first.into_iter().map(str::to_owned).chain(words))
            .and_then(|options| run(&options)),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> Result<(), Error> {
    let rows = scenario::rows(options)?;
    let broker = Broker::start()?;
    let results: Results = rounds::run(&rows, options, &broker)?;
    report::write(&results, &broker)
}
