//! What a call costs in memory that waits for its answer, and a stream on which nothing happens.

mod hold;
mod ours;
mod raw;
mod tonic;

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::options::Options;
use crate::report::ratios::Ratio;
use crate::results::{Key, Results};
use crate::row::{Load, Row, Setup, Variant};
use crate::scenario::Scenario;
use crate::stack::Stack;
use crate::stats::Spread;
use crate::unary::{self, ours::Layers};
use crate::worker::{self, Flavor, Job};
use crate::{Error, sample};
use hold::hold_calls;

pub(crate) const SCENARIO: Scenario = Scenario { rows, ratios };

const CALLS: &str = "memory, calls in flight";
const STREAMS: &str = "memory, idle bidi streams";

const COUNT: usize = 10_000;
const PAYLOAD: usize = 16;

/// A process of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Role {
    Server(Stack),
    Caller(Stack),
    /// Opens streams.
    Opener(Stack),
}

pub(crate) fn run(role: Role, job: &Job) -> Result<(), Error> {
    Flavor::MultiThread.runtime()?.block_on(async {
        match role {
            Role::Server(Stack::Ours) => ours::serve(job).await,
            Role::Server(Stack::Raw) => raw::serve(job).await,
            Role::Server(Stack::Tonic) => tonic::serve(job).await,
            Role::Caller(Stack::Ours) => {
                hold_calls(&job.load, unary::ours::connect(job, Layers::Default).await?).await
            }
            Role::Caller(Stack::Raw) => hold_calls(&job.load, unary::raw::connect(job).await?).await,
            Role::Caller(Stack::Tonic) => hold_calls(&job.load, unary::tonic::connect(job).await?).await,
            Role::Opener(Stack::Ours) => ours::hold_streams(job).await,
            Role::Opener(Stack::Tonic) => tonic::hold_streams(job).await,
            Role::Opener(Stack::Raw) => Err("raw async-nats has no streams that could be idle".into()),
        }
    })
}

fn rows(options: &Options) -> Vec<Row> {
    let load = Load {
        payload: PAYLOAD,
        concurrency: COUNT,
        warm_up: Duration::from_millis(100),
        window: Duration::from_secs(1),
    };
    let row = |name: &str, stacks: &[Stack], client: fn(Stack) -> Role| Row {
        name: name.to_owned(),
        load: load.clone(),
        rounds: options.rounds_of_long(),
        variants: stacks.iter().map(|stack| variant(*stack, client(*stack))).collect(),
    };
    let calls = row(CALLS, &Stack::ALL, Role::Caller);
    let streams = row(STREAMS, &[Stack::Ours, Stack::Tonic], Role::Opener);
    if options.goals_only() { vec![calls] } else { vec![calls, streams] }
}

fn variant(stack: Stack, client: Role) -> Variant {
    let setup = Setup {
        name: String::new(),
        servers: vec![worker::Role::Memory(Role::Server(stack))],
        client: worker::Role::Memory(client),
    };
    Variant { name: stack.name(), setups: vec![setup], counts_allocations: false }
}

fn ratios(results: &Results) -> Vec<Ratio> {
    let key = Key { row: CALLS, payload: PAYLOAD, concurrency: COUNT };
    let kilobytes = results
        .find(key, Stack::Ours.name())
        .and_then(|outcome| Spread::of(outcome.values(sample::MEMORY).map(|bytes| bytes / 1e3)));
    let ratio = |of| Ratio::less("memory per call in flight, client + server, KB", of, [3.2, 2.0]);
    kilobytes.map(ratio).into_iter().collect()
}
