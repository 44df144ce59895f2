//! Unary calls: an echo, as fast as so many callers can, each of which waits for its answer before it calls again.

mod raw;

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::Error;
use crate::load::{Caller, closed_loop};
use crate::options::Options;
use crate::report::ratios::Ratio;
use crate::results::Results;
use crate::row::{Load, Row, Setup, Variant};
use crate::scenario::Scenario;
use crate::worker::{self, Flavor, Job};

pub(crate) const SCENARIO: Scenario = Scenario { rows, ratios };

/// A process of a unary row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Role {
    side: Side,
    stack: Stack,
    flavor: Flavor,
    connections: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Side {
    Server,
    Client,
}

/// What carries the calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Stack {
    Raw,
}

pub(crate) fn run(role: &Role, job: &Job) -> Result<(), Error> {
    let runtime = role.flavor.runtime()?;
    match (role.stack, role.side) {
        (Stack::Raw, Side::Server) => runtime.block_on(raw::serve(job)),
        (Stack::Raw, Side::Client) => {
            runtime.block_on(async { measure(job, &[raw::connect(job).await?]).await })
        }
    }
}

async fn measure<C: Caller>(job: &Job, connections: &[C]) -> Result<(), Error> {
    Ok(worker::finish(&closed_loop(&job.load, connections).await?)?)
}

fn rows(options: &Options) -> Vec<Row> {
    let role = |side| {
        let role = Role { side, stack: Stack::Raw, flavor: Flavor::MultiThread, connections: 1 };
        worker::Role::Unary(role)
    };
    let setup = Setup { name: String::new(), servers: vec![role(Side::Server)], client: role(Side::Client) };
    let variant = Variant { name: "raw async-nats", setups: vec![setup], counts_allocations: false };
    let load =
        Load { payload: 16, concurrency: 64, warm_up: Duration::from_millis(200), window: options.window() };
    vec![Row { name: "unary".to_owned(), load, variants: vec![variant] }]
}

fn ratios(_results: &Results) -> Vec<Ratio> {
    Vec::new()
}
