//! The processes that are measured: this program, started with a [`Job`].
//!
//! A server says `ready`, and what its client needs to find it. Then it answers each line of its input with its
//! [`Counters`], until that ends: it never outlives the program that started it. A client says `measuring` and `measured`
//! when its window begins and ends, and goes on when it reads a line; then it says its [`Sample`] in JSON.

use std::fmt::{self, Display};
use std::io::{self, Write};

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::runtime::{Builder, Runtime};

use crate::row::Load;
use crate::sample::Sample;
use crate::{Error, arrival, build_time, memory, payload, spread, start, streams, unary};

/// What a process does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum Role {
    Unary(unary::Role),
    Streams(streams::Role),
    Memory(memory::Role),
    Arrival(arrival::Role),
    Spread(spread::Role),
    Payload(payload::Role),
    Start(start::Role),
    BuildTime(build_time::Role),
}

/// All that a process is told.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Job {
    pub(crate) role: Role,
    /// The address of the nats-server: `127.0.0.1:4222`.
    pub(crate) nats: String,
    /// What each server said when it was ready; empty for servers.
    pub(crate) servers: Vec<String>,
    pub(crate) load: Load,
}

/// What a server counts from its start on.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Counters {
    pub(crate) allocations: u64,
    /// Calls handled; 0 where nobody counts them.
    pub(crate) handled: u64,
}

/// How a process runs its tasks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Flavor {
    MultiThread,
    CurrentThread,
}

impl Flavor {
    pub(crate) fn runtime(self) -> io::Result<Runtime> {
        match self {
            Self::MultiThread => Builder::new_multi_thread().enable_all().build(),
            Self::CurrentThread => Builder::new_current_thread().enable_all().build(),
        }
    }
}

impl Display for Flavor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::MultiThread => "multi-threaded",
            Self::CurrentThread => "current-thread",
        })
    }
}

/// Does the job that a word of the command line describes.
pub(crate) fn run(job: Option<String>) -> Result<(), Error> {
    let job: Job = serde_json::from_str(&job.ok_or("a worker needs a job")?)?;
    match &job.role {
        Role::Unary(role) => unary::run(role, &job),
        Role::Streams(role) => streams::run(*role, &job),
        Role::Memory(role) => memory::run(*role, &job),
        Role::Arrival(role) => arrival::run(*role, &job),
        Role::Spread(role) => spread::run(*role, &job),
        Role::Payload(role) => payload::run(*role),
        Role::Start(role) => start::run(*role, &job),
        Role::BuildTime(role) => build_time::run(*role),
    }
}

/// What a server does when it can be called, until it is no longer needed.
pub(crate) async fn serve(detail: impl Display, handled: impl Fn() -> u64) -> io::Result<()> {
    say(format_args!("ready {detail}"))?;
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    while lines.next_line().await?.is_some() {
        let counters = Counters { allocations: allocations(), handled: handled() };
        say(serde_json::to_string(&counters)?)?;
    }
    Ok(())
}

/// What a client says when its window begins. Returns when its parent has looked at what is used so far.
pub(crate) fn measuring() -> io::Result<()> {
    say("measuring").and_then(|()| wait())
}

/// What a client says when its window has ended. Returns as [`measuring`] does.
pub(crate) fn measured() -> io::Result<()> {
    say("measured").and_then(|()| wait())
}

/// What a client says last.
pub(crate) fn finish(sample: &Sample) -> io::Result<()> {
    say(serde_json::to_string(sample)?)
}

/// Allocations of this process so far; 0 unless it is the program that counts.
pub(crate) fn allocations() -> u64 {
    let stats = stats_alloc::INSTRUMENTED_SYSTEM.stats();
    (stats.allocations + stats.reallocations) as u64
}

/// Blocks until our parent says that it goes on.
fn wait() -> io::Result<()> {
    match io::stdin().read_line(&mut String::new())? {
        0 => Err(io::Error::from(io::ErrorKind::UnexpectedEof)),
        _ => Ok(()),
    }
}

fn say(line: impl Display) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "{line}")?;
    stdout.flush()
}
