//! How long it takes from the start of a process to the first answer: to a client's own call, or to a call of a server.

mod time;

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::Error;
use crate::options::Options;
use crate::row::{Load, Row, Setup, Variant};
use crate::scenario::Scenario;
use crate::stack::Stack;
use crate::unary;
use crate::worker::{self, Flavor, Job};

pub(crate) const SCENARIO: Scenario = Scenario { rows, ratios: |_| Vec::new() };

/// A process of a row; those that take the time start others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Role {
    TimesClients(Stack),
    TimesServers(Stack),
    /// Makes one call.
    Client(Stack),
}

pub(crate) fn run(role: Role, job: &Job) -> Result<(), Error> {
    Flavor::MultiThread.runtime()?.block_on(async {
        match role {
            Role::TimesClients(stack) => time::clients(job, stack),
            Role::TimesServers(stack) => time::servers(job, stack).await,
            Role::Client(stack) => time::call_first(job, stack).await,
        }
    })
}

fn rows(options: &Options) -> Vec<Row> {
    let load =
        Load { payload: 16, concurrency: 1, warm_up: Duration::ZERO, window: Duration::from_millis(500) };
    let row = |name: &str, servers: fn(Stack) -> Vec<worker::Role>, client: fn(Stack) -> Role| Row {
        name: name.to_owned(),
        load: load.clone(),
        rounds: options.rounds(),
        variants: Stack::ALL.map(|stack| variant(stack, servers(stack), client(stack))).into(),
    };
    if options.goals_only() {
        return Vec::new();
    }
    vec![
        row("start of a client", |stack| vec![unary::server(stack)], Role::TimesClients),
        row("start of a server", |_| Vec::new(), Role::TimesServers),
    ]
}

fn variant(stack: Stack, servers: Vec<worker::Role>, client: Role) -> Variant {
    let setup = Setup { name: String::new(), servers, client: worker::Role::Start(client) };
    Variant { name: stack.name(), setups: vec![setup], counts_allocations: false }
}
