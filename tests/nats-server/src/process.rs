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
/// kill, a value in a static), the watchdog does.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    watchdog: Child,
}

impl Process {
    /// Starts a command. The watchdog, if it must act, also removes the directory.
    pub(crate) fn spawn(command: &mut Command, dir: &Path) -> io::Result<Self> {
        let mut child = command.spawn()?;
        // Its input ends when our process does, however that ends.
        let script = "trap '' INT TERM HUP; read -r _; kill -s KILL \"$1\"; rm -rf -- \"$2\"";
        let watchdog = Command::new("sh")
            .args(["-c", script, "sh", &child.id().to_string()])
            .arg(dir)
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

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn ended(&mut self) -> io::Result<Option<ExitStatus>> {
        self.child.try_wait()
    }

    /// SIGKILL.
    pub(crate) fn kill(mut self) -> io::Result<ExitStatus> {
        self.child.kill()?;
        self.reap()
    }

    /// SIGTERM; SIGKILL if that does not help within the limit.
    pub(crate) fn stop(mut self, limit: Duration) -> io::Result<ExitStatus> {
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
        self.watchdog.kill()?;
        self.watchdog.wait()?;
        self.child.wait()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Both do nothing for a child that was reaped.
        let _ = self.child.kill();
        let _ = self.reap();
    }
}
