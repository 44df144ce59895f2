//! Signals to other processes, without unsafe code.

use std::{
    io,
    process::{Command, Stdio},
};

/// A signal, by what it asks of the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Signal {
    /// SIGTERM: end in good order.
    Terminate,
    /// SIGKILL: end at once.
    Kill,
    /// SIGSTOP: stand still.
    Pause,
    /// SIGCONT: go on after [`Signal::Pause`].
    Resume,
    /// SIGHUP: read the configuration again.
    Reload,
    /// SIGUSR2: a nats-server tells its clients that it is about to stop, and stops later ("lame duck mode").
    LameDuck,
}

/// Sends a signal to a process.
///
/// The shell's own `kill` does it: the program of that name is missing on small images.
///
/// # Errors
///
/// When the shell cannot be started, or the signal not be sent because the process is gone.
pub fn signal(pid: u32, signal: Signal) -> io::Result<()> {
    let name = match signal {
        Signal::Terminate => "TERM",
        Signal::Kill => "KILL",
        Signal::Pause => "STOP",
        Signal::Resume => "CONT",
        Signal::Reload => "HUP",
        Signal::LameDuck => "USR2",
    };
    let output = Command::new("sh")
        .args(["-c", "kill -s \"$1\" \"$2\"", "sh", name, &pid.to_string()])
        .stdin(Stdio::null())
        .output()?;
    if output.status.success() {
        return Ok(());
    }
    let text = String::from_utf8_lossy(&output.stderr);
    Err(io::Error::other(format!("SIG{name} to process {pid}: {}", text.trim())))
}
