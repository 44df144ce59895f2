//! A child process that never outlives us.

use crate::signal::{Signal, signal};
use std::{
    io,
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    thread,
    time::{Duration, Instant},
};

/// A running child. Dropping kills and reaps it; when our own process ends without dropping (an abort, a
/// kill, a value in a static), a watchdog does.
#[derive(Debug)]
pub struct Process {
    child: Child,
    watchdog: Child,
}

impl Process {
    /// Starts a command.
    ///
    /// # Errors
    ///
    /// When the system can start no process.
    pub fn spawn(command: &mut Command) -> io::Result<Self> {
        Self::spawn_with(command, None)
    }

    /// Starts a command. The watchdog, if it must act, also removes the directory.
    pub(crate) fn spawn_with(command: &mut Command, dir: Option<&Path>) -> io::Result<Self> {
        let mut child = command.spawn()?;
        // Its input ends when our process does, however that ends.
        let script = "trap '' INT TERM HUP; read -r _; kill -s KILL \"$1\"; shift; rm -rf -- \"$@\"";
        let watchdog = Command::new("sh")
            .args(["-c", script, "sh", &child.id().to_string()])
            .args(dir)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        match watchdog {
            Ok(watchdog) => Ok(Self { child, watchdog }),
            Err(error) => {
                child.kill()?;
                child.wait()?;
                Err(error)
            }
        }
    }

    /// Its process id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// How it ended, if it has.
    ///
    /// # Errors
    ///
    /// When the system does not tell.
    pub fn ended(&mut self) -> io::Result<Option<ExitStatus>> {
        let status = self.child.try_wait()?;
        if status.is_some() {
            self.dismiss()?;
        }
        Ok(status)
    }

    /// SIGKILL.
    pub(crate) fn kill(mut self) -> io::Result<ExitStatus> {
        self.child.kill()?;
        self.reap()
    }

    /// SIGTERM; SIGKILL if that does not help within the limit.
    pub(crate) fn stop(mut self, limit: Duration) -> io::Result<ExitStatus> {
        // The id of one that has ended may be another's by now.
        if let Some(status) = self.ended()? {
            return Ok(status);
        }
        // A paused process would not see the first.
        signal(self.id(), Signal::Resume)?;
        signal(self.id(), Signal::Terminate)?;
        let begin = Instant::now();
        while self.child.try_wait()?.is_none() {
            if begin.elapsed() > limit {
                self.child.kill()?;
                break;
            }
            thread::sleep(Duration::from_millis(2));
        }
        self.reap()
    }

    /// The watchdog goes first: the id of a reaped process may become another's.
    fn reap(&mut self) -> io::Result<ExitStatus> {
        self.dismiss()?;
        self.child.wait()
    }

    fn dismiss(&mut self) -> io::Result<()> {
        self.watchdog.kill()?;
        self.watchdog.wait().map(drop)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Both do nothing for a child that was reaped.
        let _ = self.child.kill();
        let _ = self.reap();
    }
}
