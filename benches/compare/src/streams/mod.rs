//! One stream, as fast as it goes: items from the server, or to the server and back.

mod items;
mod ours;
mod raw;
mod rows;
mod tonic;

use serde::{Deserialize, Serialize};

use crate::Error;
use crate::api::Order;
use crate::row::Load;
use crate::scenario::Scenario;
use crate::stack::Stack;
use crate::worker::{Flavor, Job};

pub(crate) const SCENARIO: Scenario = Scenario { rows: rows::rows, ratios: rows::ratios };

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
