//! One stream, as fast as it goes: items from the server, or to the server and back.

mod items;
mod ours;
mod raw;
mod tonic;

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::Error;
use crate::api::Order;
use crate::options::Options;
use crate::report::ratios::Ratio;
use crate::results::{Key, Results};
use crate::row::{Load, Row, Setup, Variant};
use crate::sample;
use crate::scenario::Scenario;
use crate::stack::Stack;
use crate::worker::{self, Flavor, Job};

pub(crate) const SCENARIO: Scenario = Scenario { rows, ratios };

const OURS_BYTES: &str = "nats-rpc, bytes";
const RAW_BYTES: &str = "raw async-nats, bytes";

const READY: &str = "stream, items ready";
const CHANNEL: &str = "stream, items from a channel";
const BIDI: &str = "bidi stream";

const SIZES: [usize; 3] = [128, 4096, 16384];

/// A process of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Role {
    side: Side,
    stack: Stack,
    flow: Flow,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Side {
    Server,
    Client,
}

/// Which items flow where.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Flow {
    /// From the server, where they are ready at once.
    Ready,
    /// From the server, where they come through a channel.
    Channel,
    /// As `Ready`, with payloads that are not copied when they are read.
    Chunks,
    /// To the server and back.
    Mirror,
}

impl Flow {
    fn order(self, load: &Load) -> Order {
        Order { size: load.payload as u32, channel: self == Self::Channel }
    }
}

pub(crate) fn run(role: Role, job: &Job) -> Result<(), Error> {
    Flavor::MultiThread.runtime()?.block_on(async {
        match (role.stack, role.side) {
            (Stack::Ours, Side::Server) => ours::serve(job).await,
            (Stack::Raw, Side::Server) => raw::serve(job).await,
            (Stack::Tonic, Side::Server) => tonic::serve().await,
            // In a task: the main one is driven from outside of the runtime's threads, and slower.
            (stack, Side::Client) => tokio::spawn(measure(stack, role.flow, job.clone())).await?,
        }
    })
}

async fn measure(stack: Stack, flow: Flow, job: Job) -> Result<(), Error> {
    match stack {
        Stack::Ours => ours::measure(&job, flow).await,
        Stack::Raw => raw::measure(&job, flow).await,
        Stack::Tonic => tonic::measure(&job, flow).await,
    }
}

fn rows(options: &Options) -> Vec<Row> {
    let ready = SIZES.map(|payload| {
        let mut variants = Stack::ALL.map(|stack| variant(stack.name(), stack, Flow::Ready)).to_vec();
        // That payloads are copied is felt with large ones only.
        if payload == 16384 {
            variants.push(variant(OURS_BYTES, Stack::Ours, Flow::Chunks));
            variants.push(variant(RAW_BYTES, Stack::Raw, Flow::Chunks));
        }
        row(READY, payload, variants, options)
    });
    let channel = SIZES.map(|payload| {
        let stacks = [Stack::Ours, Stack::Tonic];
        row(CHANNEL, payload, stacks.map(|stack| variant(stack.name(), stack, Flow::Channel)).into(), options)
    });
    let bidi = SIZES.map(|payload| {
        row(BIDI, payload, Stack::ALL.map(|stack| variant(stack.name(), stack, Flow::Mirror)).into(), options)
    });
    [ready, channel, bidi].into_iter().flatten().collect()
}

fn row(name: &str, payload: usize, variants: Vec<Variant>, options: &Options) -> Row {
    let load =
        Load { payload, concurrency: 1, warm_up: Duration::from_millis(200), window: options.window() };
    Row { name: name.to_owned(), load, variants }
}

fn variant(name: &'static str, stack: Stack, flow: Flow) -> Variant {
    let role = |side| worker::Role::Streams(Role { side, stack, flow });
    let setup = Setup { name: String::new(), servers: vec![role(Side::Server)], client: role(Side::Client) };
    Variant { name, setups: vec![setup], counts_allocations: false }
}

fn ratios(results: &Results) -> Vec<Ratio> {
    let ratio = |figure: &str, row, payload, variants, limits| {
        let key = Key { row, payload, concurrency: 1 };
        Some(Ratio::more(figure, results.ratio(key, variants, sample::PER_SECOND)?, limits))
    };
    let ours = Stack::Ours.name();
    let (tonic, raw, bytes) =
        ([ours, Stack::Tonic.name()], [ours, Stack::Raw.name()], [OURS_BYTES, RAW_BYTES]);
    let ratios = [
        ratio("stream of 128 B items, ready / tonic", READY, 128, tonic, [0.55, 1.2]),
        ratio("stream of 128 B items, from a channel / tonic", CHANNEL, 128, tonic, [0.55, 1.2]),
        ratio("stream of 128 B items / raw publish-subscribe", READY, 128, raw, [2.5, 4.5]),
        ratio("stream of 4 KiB items, ready / tonic", READY, 4096, tonic, [0.5, 0.7]),
        ratio("stream of 4 KiB items, from a channel / tonic", CHANNEL, 4096, tonic, [0.5, 0.7]),
        ratio("stream of 16 KiB items, bytes / raw publish-subscribe", READY, 16384, bytes, [0.9, 1.0]),
    ];
    ratios.into_iter().flatten().collect()
}
