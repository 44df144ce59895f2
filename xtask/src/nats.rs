//! `cargo xtask nats`: a nats-server in the foreground.

use crate::error::Error;
use std::{os::unix::process::CommandExt, process::Command};

pub(crate) fn run(words: &[String]) -> Result<(), Error> {
    let mut port = 4222_u16;
    let mut print_path = false;
    let mut words = words.iter();
    while let Some(word) = words.next() {
        match word.as_str() {
            "--port" => {
                let value = words.next().ok_or_else(|| Error::Usage("--port needs a number".to_owned()))?;
                port = value
                    .parse()
                    .map_err(|_| Error::Usage(format!("--port needs a number, not `{value}`")))?;
            }
            "--print-path" => print_path = true,
            "--" => break,
            _ => return Err(Error::unknown(word)),
        }
    }

    let binary = nats_server::locate()?;
    if print_path {
        println!("{}", binary.path().display());
        return Ok(());
    }
    println!("nats-server {} at nats://127.0.0.1:{port}, ctrl-c ends it", binary.version());
    // Takes our place, so that signals reach it and its exit code is ours.
    let mut command = Command::new(binary.path());
    command.args(["-a", "127.0.0.1", "-p", &port.to_string()]).args(words);
    Err(command.exec().into())
}
