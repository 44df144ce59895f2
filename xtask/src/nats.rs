//! `cargo xtask nats`: a nats-server in the foreground.

use crate::error::Error;
use std::{
    io,
    net::{Ipv4Addr, TcpListener},
    os::unix::process::CommandExt,
    process::Command,
};

pub(crate) fn run(words: &[String]) -> Result<(), Error> {
    let mut port = 4222_u16;
    let mut print_path = false;
    let mut words = words.iter();
    while let Some(word) = words.next() {
        match word.as_str() {
            "--port" => {
                let value = words.next().ok_or_else(|| Error::Usage("--port needs a number".to_owned()))?;
                port =
                    value.parse().ok().filter(|port| *port != 0).ok_or_else(|| {
                        Error::Usage(format!("--port needs a number to 65535, not `{value}`"))
                    })?;
            }
            "--print-path" => print_path = true,
            "--check-provisioning" => return check_provisioning(),
            "--" => break,
            _ => return Err(Error::unknown(word)),
        }
    }

    let binary = nats_server::locate()?;
    if print_path {
        println!("{}", binary.path().display());
        return Ok(());
    }
    // The server would tell it in a line of its log that is easy to miss.
    if let Err(error) = TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
        return Err(Error::Failed(match error.kind() {
            io::ErrorKind::AddrInUse => {
                format!("port {port} is in use; is a nats-server running already? --port N takes another one")
            }
            _ => format!("port {port}: {error}"),
        }));
    }
    println!("nats-server {} at nats://127.0.0.1:{port}, ctrl-c ends it", binary.version());
    // Takes our place, so that signals reach it and its exit code is ours.
    let mut command = Command::new(binary.path());
    command.args(["-a", "127.0.0.1", "-p", &port.to_string()]).args(words);
    Err(command.exec().into())
}

/// Tells for each way to get a nats-server whether it works on this machine.
fn check_provisioning() -> Result<(), Error> {
    let (mut worked, mut failed) = (0, 0);
    for check in nats_server::check_provisioning() {
        let seconds = check.time.as_secs_f64();
        match (check.missing, check.result) {
            (Some(program), _) => println!("{:5} skipped: no {program}", check.way),
            (None, Ok(version)) => {
                worked += 1;
                println!("{:5} nats-server {version} in {seconds:.1} s", check.way);
            }
            (None, Err(why)) => {
                failed += 1;
                println!("{:5} FAILED after {seconds:.1} s: {why}", check.way);
            }
        }
    }
    match (worked, failed) {
        (0, 0) => Err(Error::Failed("no way to get a nats-server on this machine".to_owned())),
        (_, 0) => Ok(()),
        _ => Err(Error::Failed(format!("{failed} of {} ways failed", worked + failed))),
    }
}
