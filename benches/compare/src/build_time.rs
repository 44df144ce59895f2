//! How long a crate with a service of 52 methods takes to build, with nats-rpc and with tonic: those in
//! `benches/build-times`. It takes many minutes, so it is done only when it is asked for.

use std::env;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::Error;
use crate::options::Options;
use crate::row::{Load, Row, Setup, Variant};
use crate::sample::{self, Sample};
use crate::scenario::Scenario;
use crate::stack::Stack;
use crate::worker;

pub(crate) const SCENARIO: Scenario = Scenario { rows, ratios: |_| Vec::new() };

/// A build from nothing takes no longer, most take less.
const LIMIT: Duration = Duration::from_secs(300);

/// A build.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Role {
    stack: Stack,
    release: bool,
    /// Dependencies, too.
    all: bool,
}

impl Role {
    /// Carries out a command of cargo on the crate, in a target directory of its own.
    fn cargo(self, words: &[&str]) -> Result<(), Error> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let target = root.join("target/build-times").join(self.stack.name());
        let output = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
            .args(words)
            .args(self.release.then_some("--release"))
            .current_dir(root)
            .env("CARGO_TARGET_DIR", target)
            .stdin(Stdio::null())
            .output()?;
        match output.status.success() {
            true => Ok(()),
            false => Err(String::from_utf8_lossy(&output.stderr).into()),
        }
    }
}

pub(crate) fn run(role: Role) -> Result<(), Error> {
    let package = format!("--package=build-times-{}", role.stack.name());
    let build = || role.cargo(&["build", "--quiet", &package]);
    if role.all {
        role.cargo(&["clean"])?;
    } else {
        build()?;
        role.cargo(&["clean", &package])?;
    }
    worker::measuring()?;
    let begin = Instant::now();
    build()?;
    let took = begin.elapsed();
    worker::measured()?;
    Ok(worker::finish(&Sample::default().with(sample::BUILD_SECONDS, took.as_secs_f64()))?)
}

fn rows(options: &Options) -> Vec<Row> {
    let builds = [[false, false], [true, false], [false, true], [true, true]];
    builds.into_iter().filter(|_| options.ask_for("build")).map(|build| row(options, build)).collect()
}

fn row(options: &Options, [release, all]: [bool; 2]) -> Row {
    let profile = if release { "release" } else { "debug" };
    let what = if all { "all from nothing" } else { "the crate itself" };
    let variants = [Stack::Ours, Stack::Tonic].map(|stack| {
        let client = worker::Role::BuildTime(Role { stack, release, all });
        let setup = Setup { name: String::new(), servers: Vec::new(), client };
        Variant { name: stack.name(), setups: vec![setup], counts_allocations: false }
    });
    Row {
        name: format!("build, {profile}, {what}"),
        load: Load { payload: 0, concurrency: 1, warm_up: Duration::ZERO, window: LIMIT },
        rounds: options.rounds(),
        variants: variants.into(),
    }
}
