//! A child process that never outlives us.

use crate::signal::{Signal, signal};
use std::{
    fs, io,
    path::Path,
    process::{Child, ChildStderr, ChildStdout, Command, ExitStatus, Stdio},
    thread,
    time::{Duration, Instant},
};

const PAUSE_LIMIT: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(2);

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

    /// What it prints and what it complains, once, if its command had pipes for them.
    pub fn take_output(&mut self) -> (Option<ChildStdout>, Option<ChildStderr>) {
        (self.child.stdout.take(), self.child.stderr.take())
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

    /// SIGKILL, and waits for the end.
    ///
    /// # Errors
    ///
    /// When the system refuses.
    pub fn kill(mut self) -> io::Result<ExitStatus> {
        self.child.kill()?;
        self.reap()
    }

    /// SIGSTOP: the process stands still when this returns.
    ///
    /// # Errors
    ///
    /// When the system refuses, or the process goes on all the same.
    pub fn pause(&self) -> io::Result<()> {
        signal(self.id(), Signal::Pause)?;
        let begin = Instant::now();
        while !stands_still(self.id()) {
            if begin.elapsed() > PAUSE_LIMIT {
                return Err(io::Error::new(io::ErrorKind::TimedOut, "the process does not stand still"));
            }
            thread::sleep(POLL);
        }
        Ok(())
    }

    /// SIGCONT: goes on after [`Process::pause`].
    ///
    /// # Errors
    ///
    /// When the system refuses.
    pub fn resume(&self) -> io::Result<()> {
        signal(self.id(), Signal::Resume)
    }

    /// SIGTERM; SIGKILL if that does not help within the limit.
    ///
    /// # Errors
    ///
    /// When the system refuses.
    pub fn stop(mut self, limit: Duration) -> io::Result<ExitStatus> {
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
            thread::sleep(POLL);
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

/// Whether all threads of the process are stopped, where the system tells.
fn stands_still(pid: u32) -> bool {
    let Ok(threads) = fs::read_dir(format!("/proc/{pid}/task")) else { return true };
    threads.flatten().all(|thread| {
        fs::read_to_string(thread.path().join("stat"))
            // The state follows the name, which is in parentheses.
            .map_or(true, |stat| stat.rsplit(") ").next().is_some_and(|rest| rest.starts_with('T')))
    })
}

impl Drop for Process {
    fn drop(&mut self) {
        // Both do nothing for a child that was reaped.
        let _ = self.child.kill();
        let _ = self.reap();
    }
}
