//! `cargo xtask bench`: nats-rpc beside raw async-nats, tonic and the bare protocol.

use crate::{cargo, error::Error, executable};
use std::process::Command;

pub(crate) fn run(words: &[String]) -> Result<(), Error> {
    let binary = nats_server::locate()?;
    let program = executable::build("compare", &["--release"])?;
    // Beside the other, which starts it where allocations are counted.
    executable::build("compare-counting", &["--release"])?;
    // The program knows the options, and tells of wrong ones.
    let mut command = Command::new(program);
    command.args(words).current_dir(cargo::root()).env("NATS_SERVER_BIN", binary.path());
    cargo::status(&mut command)
}
