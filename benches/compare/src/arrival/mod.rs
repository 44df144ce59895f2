//! What calls take that come at a constant rate, whether or not those before have been answered.

mod arrive;
mod latencies;

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::options::Options;
use crate::report::ratios::Ratio;
use crate::results::{Key, Results};
use crate::row::{Load, Row, Setup, Variant};
use crate::scenario::Scenario;
use crate::stack::Stack;
use crate::unary::{self, ours::Layers};
use crate::worker::{self, Flavor, Job};
use crate::{Error, sample};
use arrive::arrive;

pub(crate) const SCENARIO: Scenario = Scenario { rows, ratios };

const NAME: &str = "arrival, 10,000 calls/s";
const PAYLOAD: usize = 16;

/// The client; servers are those of unary calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Role {
    stack: Stack,
}

pub(crate) fn run(role: Role, job: &Job) -> Result<(), Error> {
    let (runtime, load) = (Flavor::MultiThread.runtime()?, &job.load);
    let sample = match role.stack {
        Stack::Ours => {
            arrive(load, &runtime, &runtime.block_on(unary::ours::connect(job, Layers::Default))?)?
        }
        Stack::Raw => arrive(load, &runtime, &runtime.block_on(unary::raw::connect(job))?)?,
        Stack::Tonic => arrive(load, &runtime, &runtime.block_on(unary::tonic::connect(job))?)?,
    };
    Ok(worker::finish(&sample)?)
}

fn rows(options: &Options) -> Vec<Row> {
    let load = Load {
        payload: PAYLOAD,
        concurrency: 1,
        warm_up: Duration::from_secs(1),
        window: Duration::from_secs(if options.quick { 5 } else { 30 }),
    };
    let variants = Stack::ALL.map(|stack| {
        let setup = Setup {
            name: String::new(),
            servers: vec![unary::server(stack)],
            client: worker::Role::Arrival(Role { stack }),
        };
        Variant { name: stack.name(), setups: vec![setup], counts_allocations: false }
    });
    let rounds = options.rounds_of_long();
    vec![Row { name: NAME.to_owned(), load, rounds, variants: variants.into() }]
}

fn ratios(results: &Results) -> Vec<Ratio> {
    let key = Key { row: NAME, payload: PAYLOAD, concurrency: 1 };
    let ratio = results.ratio(key, [Stack::Ours.name(), Stack::Raw.name()], sample::P99_US);
    let ratio = ratio.map(|of| Ratio::less("p99 at 10,000 calls/s / raw async-nats", of, [1.0, 0.9]));
    ratio.into_iter().collect()
}
