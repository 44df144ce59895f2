//! Unary calls: an echo, as fast as so many callers can, each of which waits for its answer before it calls again.

mod floor;
pub(crate) mod ours;
mod ratios;
pub(crate) mod raw;
mod rows;
mod socket;
pub(crate) mod tonic;
mod variants;

use serde::{Deserialize, Serialize};

use crate::Error;
use crate::load::{Caller, closed_loop};
use crate::scenario::Scenario;
use crate::worker::{self, Flavor, Job};

pub(crate) const SCENARIO: Scenario = Scenario { rows: rows::rows, ratios: ratios::ratios };

const NAME: &str = "unary";

// Payloads.
const TINY: usize = 16;
const SMALL: usize = 1 << 10;
const LARGE: usize = 64 << 10;

/// The payload and the number of callers for which there is a goal.
const ALLOCATIONS_AT: (usize, usize) = (TINY, 256);

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
    Ours(ours::Layers),
    Tonic,
    Floor,
}

pub(crate) fn run(role: &Role, job: &Job) -> Result<(), Error> {
    let runtime = role.flavor.runtime()?;
    match (role.side, role.stack) {
        (Side::Server, Stack::Raw) => runtime.block_on(raw::serve(job)),
        (Side::Server, Stack::Ours(_)) => runtime.block_on(ours::serve(job, role.connections)),
        (Side::Server, Stack::Tonic) => runtime.block_on(tonic::serve()),
        (Side::Server, Stack::Floor) => floor::serve(job, &runtime),
        (Side::Client, Stack::Raw) => runtime.block_on(measure(role, job, || raw::connect(job))),
        (Side::Client, Stack::Ours(layers)) => {
            runtime.block_on(measure(role, job, || ours::connect(job, layers)))
        }
        (Side::Client, Stack::Tonic) => runtime.block_on(measure(role, job, || tonic::connect(job))),
        (Side::Client, Stack::Floor) => floor::measure(job),
    }
}

/// A server that others call, too.
pub(crate) fn server(stack: crate::stack::Stack) -> worker::Role {
    let stack = match stack {
        crate::stack::Stack::Ours => Stack::Ours(ours::Layers::Default),
        crate::stack::Stack::Raw => Stack::Raw,
        crate::stack::Stack::Tonic => Stack::Tonic,
    };
    worker::Role::Unary(Role { side: Side::Server, stack, flavor: Flavor::MultiThread, connections: 1 })
}

async fn measure<C: Caller>(
    role: &Role,
    job: &Job,
    connect: impl AsyncFn() -> Result<C, Error>,
) -> Result<(), Error> {
    let mut connections = Vec::new();
    for _ in 0..role.connections {
        connections.push(connect().await?);
    }
    Ok(worker::finish(&closed_loop(&job.load, &connections).await?)?)
}
