use std::io::{self, BufRead, BufReader, PipeWriter, Write};
use std::process::{Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use nats_server::Process;

use crate::Error;
use crate::worker::{Counters, Job};

/// A worker may be silent for so long, and a window longer.
const LIMIT: Duration = Duration::from_secs(60);

/// A worker, seen from the program that started it. Dropping it ends it.
pub(crate) struct Worker {
    process: Process,
    input: PipeWriter,
    lines: Receiver<String>,
    limit: Duration,
}

impl Worker {
    /// Starts this program as a worker, or the one that counts allocations.
    pub(crate) fn start(job: &Job, counts_allocations: bool) -> Result<Self, Error> {
        let mut program = std::env::current_exe()?;
        if counts_allocations {
            program.set_file_name(format!("compare-counting{}", std::env::consts::EXE_SUFFIX));
        }
        let (reader, input) = io::pipe()?;
        let mut command = Command::new(&program);
        command.arg("worker").arg(serde_json::to_string(job)?).stdin(reader).stdout(Stdio::piped());
        let mut process =
            Process::spawn(&mut command).map_err(|error| format!("{}: {error}", program.display()))?;
        let (output, _) = process.take_output();
        let output = BufReader::new(output.ok_or("a worker without output")?);
        let (sender, lines) = mpsc::channel();
        // It ends with the worker's output.
        thread::spawn(move || output.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
        Ok(Self { process, input, lines, limit: LIMIT + job.load.warm_up + job.load.window })
    }

    pub(crate) fn pid(&self) -> u32 {
        self.process.id()
    }

    /// Waits for the next line.
    pub(crate) fn line(&self) -> Result<String, Error> {
        self.lines.recv_timeout(self.limit).map_err(|error| match error {
            RecvTimeoutError::Timeout => "a worker says nothing any more".into(),
            RecvTimeoutError::Disconnected => "a worker ended too early".into(),
        })
    }

    /// Waits for a line that begins with this word, and returns the rest of it.
    pub(crate) fn expect(&self, word: &str) -> Result<String, Error> {
        let line = self.line()?;
        let rest =
            line.strip_prefix(word).ok_or_else(|| format!("a worker said {line:?} instead of {word}"))?;
        Ok(rest.trim().to_owned())
    }

    /// Lets a client go on that waits.
    pub(crate) fn go_on(&mut self) -> io::Result<()> {
        self.input.write_all(b"\n")
    }

    /// Asks a server.
    pub(crate) fn counters(&mut self) -> Result<Counters, Error> {
        self.input.write_all(b"\n")?;
        Ok(serde_json::from_str(&self.line()?)?)
    }
}
