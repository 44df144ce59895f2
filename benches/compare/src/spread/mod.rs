//! How evenly the calls of one client spread over the instances of a service.

mod ours;
mod raw;
mod work;

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::load::{Caller, closed_loop};
use crate::options::Options;
use crate::report::ratios::Ratio;
use crate::results::{Key, Results};
use crate::row::{Load, Row, Setup, Variant};
use crate::scenario::Scenario;
use crate::stack::Stack;
use crate::unary::{self, ours::Layers};
use crate::worker::{self, Flavor, Job};
use crate::{Error, sample};
use work::Work;

pub(crate) const SCENARIO: Scenario = Scenario { rows, ratios };

const FAST: &str = "spread, fast handlers";
const BURN: &str = "spread, 1 ms handlers";
const OURS_4: &str = "nats-rpc, 4 instances";

/// With so many instances.
const VARIANTS: [(&str, Stack, usize); 6] = [
    ("nats-rpc, 1 instance", Stack::Ours, 1),
    ("nats-rpc, 2 instances", Stack::Ours, 2),
    (OURS_4, Stack::Ours, 4),
    ("raw async-nats, 1 instance", Stack::Raw, 1),
    ("raw async-nats, 2 instances", Stack::Raw, 2),
    ("raw async-nats, 4 instances", Stack::Raw, 4),
];

const CONCURRENCY: usize = 256;
const PAYLOAD: usize = 16;

/// A process of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Role {
    Server(Stack, Work),
    Client(Stack),
}

pub(crate) fn run(role: Role, job: &Job) -> Result<(), Error> {
    Flavor::MultiThread.runtime()?.block_on(async {
        match role {
            Role::Server(Stack::Ours, work) => ours::serve(job, work).await,
            Role::Server(Stack::Raw, work) => raw::serve(job, work).await,
            Role::Client(Stack::Ours) => call(job, unary::ours::connect(job, Layers::Default).await?).await,
            Role::Client(Stack::Raw) => call(job, unary::raw::connect(job).await?).await,
            Role::Server(Stack::Tonic, _) | Role::Client(Stack::Tonic) => {
                Err("tonic has no queue groups".into())
            }
        }
    })
}

async fn call(job: &Job, caller: impl Caller) -> Result<(), Error> {
    Ok(worker::finish(&closed_loop(&job.load, &[caller]).await?)?)
}

fn rows(options: &Options) -> Vec<Row> {
    vec![row(FAST, Work::Nothing, options), row(BURN, Work::Burn, options)]
}

fn row(name: &str, work: Work, options: &Options) -> Row {
    // So that there are enough calls of a millisecond each.
    let window = Duration::from_millis(if work == Work::Burn { 2000 } else { 600 });
    let warm_up = Duration::from_millis(200);
    let load = Load { payload: PAYLOAD, concurrency: CONCURRENCY, warm_up, window };
    let variants = VARIANTS.iter().filter(|(name, ..)| !options.goals_only() || *name == OURS_4);
    let variants = variants.map(|&(name, stack, instances)| {
        let server = worker::Role::Spread(Role::Server(stack, work));
        let client = worker::Role::Spread(Role::Client(stack));
        let setup = Setup { name: String::new(), servers: vec![server; instances], client };
        Variant { name, setups: vec![setup], counts_allocations: false }
    });
    Row { name: name.to_owned(), load, rounds: options.rounds(), variants: variants.collect() }
}

fn ratios(results: &Results) -> Vec<Ratio> {
    let ratio = |figure: &str, row, limits| {
        let key = Key { row, payload: PAYLOAD, concurrency: CONCURRENCY };
        let most_loaded = results.find(key, OURS_4)?.spread(sample::MOST_LOADED)?;
        Some(Ratio::less(figure, most_loaded, limits))
    };
    [
        ratio("most loaded of 4 instances / mean, c = 256, fast handlers", FAST, [1.3, 1.1]),
        ratio("most loaded of 4 instances / mean, c = 256, 1 ms handlers", BURN, [1.15, 1.05]),
    ]
    .into_iter()
    .flatten()
    .collect()
}
