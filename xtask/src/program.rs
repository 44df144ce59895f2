//! A program of the workspace that runs beside us.

use crate::error::Error;
use nats_server::{Process, Signal, signal};
use std::{
    io::{self, BufRead, BufReader},
    process::{Command, ExitStatus, Stdio},
    sync::mpsc::{self, Receiver},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

/// A program may need this long to get ready or to end.
pub(crate) const LIMIT: Duration = Duration::from_secs(60);
/// A program that fails without a pause would print without end.
const SHOWN: usize = 100;

/// A running program whose lines we show and keep. It is killed when dropped, and when we are killed.
pub(crate) struct Program {
    name: String,
    process: Process,
    lines: Receiver<String>,
    printer: Option<JoinHandle<()>>,
}

impl Program {
    pub(crate) fn start(command: &mut Command, name: &str) -> Result<Self, Error> {
        let program = command.get_program().to_string_lossy().into_owned();
        // One pipe for both streams: their lines stay in order.
        let (reader, writer) = io::pipe()?;
        command.stdin(Stdio::null()).stdout(writer.try_clone()?).stderr(writer);
        let process = Process::spawn(command);
        // The command holds the writing end; without this the reading one would never end.
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let process = process.map_err(|error| Error::Failed(format!("{program}: {error}")))?;

        let (sender, lines) = mpsc::channel();
        let prefix = name.to_owned();
        let printer = thread::spawn(move || {
            for (number, line) in BufReader::new(reader).lines().map_while(Result::ok).enumerate() {
                match number {
                    ..SHOWN => println!("[{prefix}] {line}"),
                    SHOWN => println!("[{prefix}] ... and more"),
                    _ => {}
                }
                // Nobody may care for it any more.
                let _ = sender.send(line);
            }
        });
        Ok(Self { name: name.to_owned(), process, lines, printer: Some(printer) })
    }

    /// Starts a program that serves, and waits until it says so: its line begins with `serving`.
    pub(crate) fn server(command: &mut Command, name: &str) -> Result<Self, Error> {
        let program = Self::start(command, name)?;
        let deadline = Instant::now() + LIMIT;
        loop {
            match program.lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(line) if line.starts_with("serving") => return Ok(program),
                Ok(_) => {}
                Err(_) => return Err(Error::Failed(format!("{name} did not get ready"))),
            }
        }
    }

    /// Runs a program that ends by itself, and returns how it ended and what it printed.
    pub(crate) fn complete(command: &mut Command, name: &str) -> Result<(ExitStatus, Vec<String>), Error> {
        Self::start(command, name)?.finish(Instant::now() + LIMIT)
    }

    /// Waits for a moment of a plan, during which the program must go on.
    pub(crate) fn run_until(&mut self, moment: Instant) -> Result<(), Error> {
        while Instant::now() < moment {
            if let Some(status) = self.process.ended()? {
                return Err(Error::Failed(format!("{} ended too early: {status}", self.name)));
            }
            thread::sleep(Duration::from_millis(20).min(moment.saturating_duration_since(Instant::now())));
        }
        Ok(())
    }

    /// Asks the program to end (SIGTERM), and returns the lines not yet read. It must end with success.
    pub(crate) fn stop(&mut self) -> Result<Vec<String>, Error> {
        if let Some(status) = self.process.ended()? {
            return Err(Error::Failed(format!("{} ended too early: {status}", self.name)));
        }
        signal(self.process.id(), Signal::Terminate)?;
        let (status, lines) = self.finish(Instant::now() + LIMIT)?;
        match status.success() {
            true => Ok(lines),
            false => Err(Error::Failed(format!("{} ended with {status}", self.name))),
        }
    }

    /// Waits for the end, and returns the lines not yet read.
    pub(crate) fn finish(&mut self, deadline: Instant) -> Result<(ExitStatus, Vec<String>), Error> {
        let status = loop {
            if let Some(status) = self.process.ended()? {
                break status;
            }
            if Instant::now() > deadline {
                return Err(Error::Failed(format!("{} does not end", self.name)));
            }
            thread::sleep(Duration::from_millis(5));
        };
        if let Some(printer) = self.printer.take() {
            printer.join().map_err(|_| "the printing thread panicked")?;
        }
        Ok((status, self.lines.try_iter().collect()))
    }
}
