use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Instant;

use nats_server::Process;

use crate::{LONG, Options, Pace};

/// A program of this package in a process of its own: a server (`instance`, `feeder`) or a client (`caller`, `follower`).
///
/// It ends with this value, and with the test process however that ends.
#[derive(Debug)]
pub struct Program {
    /// Nothing once it was killed or has ended.
    process: Option<Process>,
    pid: u32,
    output: Lines,
    errors: Lines,
}

impl Program {
    /// Starts a server that follows the [`Script`](crate::Script), and waits until it can be called.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn instance(options: &Options) -> Self {
        Self::start("instance", options.args()).await
    }

    /// Starts a client that asks this question, which has a number and a timeout in milliseconds.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn caller(options: &Options, text: &str, id: i64, timeout_ms: u64) -> Self {
        let (id, timeout) = (id.to_string(), timeout_ms.to_string());
        let call = ["--ask", text, "--id", &id, "--timeout", &timeout].map(str::to_owned);
        Self::start("caller", [options.args(), call.to_vec()].concat()).await
    }

    /// Starts a server that is a [`Feeder`](crate::Feeder), and waits until it can be called.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn feeder(options: &Options) -> Self {
        Self::start("feeder", options.args()).await
    }

    /// Starts a client with a stream of each kind, and waits until all of them flow.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn follower(options: &Options, pace: Pace) -> Self {
        Self::followers(options, pace, 1).await
    }

    /// Starts a client with so many streams of each kind, and waits until all of them flow.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn followers(options: &Options, pace: Pace, of_each: usize) -> Self {
        let pace = [
            ("--count", pace.count.to_string()),
            ("--length", pace.length.to_string()),
            ("--pause", pace.pause.as_millis().to_string()),
            ("--read-pause", pace.read_pause.as_millis().to_string()),
            ("--of-each", of_each.to_string()),
        ];
        let pace = pace.into_iter().flat_map(|(name, value)| [name.to_owned(), value]);
        Self::start("follower", options.args().into_iter().chain(pace).collect()).await
    }

    /// Starts a [`feeder`](Self::feeder) without waiting for it.
    ///
    /// # Panics
    /// When there is no such program.
    #[must_use]
    pub fn begin_feeder(options: &Options) -> Self {
        Self::spawn("feeder", options.args())
    }

    /// Starts a client that makes calls of all kinds until it is killed, without waiting for it.
    ///
    /// # Panics
    /// When there is no such program.
    #[must_use]
    pub fn begin_busy(options: &Options) -> Self {
        Self::spawn("busy", options.args())
    }

    async fn start(name: &str, args: Vec<String>) -> Self {
        let mut program = Self::spawn(name, args);
        program.wait_for("ready").await;
        program
    }

    fn spawn(name: &str, args: Vec<String>) -> Self {
        let mut command = Command::new(path(name));
        command.args(args).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process = Process::spawn(&mut command).unwrap();
        let (output, errors) = process.take_output();
        let (output, errors) = (Lines::read(output.unwrap()), Lines::read(errors.unwrap()));
        Self { pid: process.id(), process: Some(process), output, errors }
    }

    /// Its process id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// The lines that it has printed so far.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        self.output.get()
    }

    /// The lines that it has complained with so far: its standard error.
    #[must_use]
    pub fn complaints(&self) -> Vec<String> {
        self.errors.get()
    }

    /// How many of the lines so far are this one.
    #[must_use]
    pub fn count(&self, line: &str) -> usize {
        self.output.get().iter().filter(|known| *known == line).count()
    }

    /// Waits until it has printed this line.
    ///
    /// # Panics
    /// When it does not within [`LONG`], or has ended without.
    pub async fn wait_for(&mut self, line: &str) {
        self.wait_for_line(line, |known| known == line).await;
    }

    /// Waits until it has printed a line that begins so, and returns the first.
    ///
    /// # Panics
    /// As [`wait_for`](Self::wait_for).
    pub async fn wait_for_beginning(&mut self, beginning: &str) -> String {
        self.wait_for_line(beginning, |known| known.starts_with(beginning)).await
    }

    async fn wait_for_line(&mut self, what: &str, is_it: impl Fn(&str) -> bool) -> String {
        let begin = Instant::now();
        loop {
            // Looked at first: its last line may come with its end.
            let ended = self.output.ended();
            if let Some(line) = self.output.get().into_iter().find(|line| is_it(line)) {
                return line;
            }
            let (output, errors) = (&self.output, &self.errors);
            assert!(!ended, "ended without {what:?}: {output:#?} {errors:#?}");
            assert!(begin.elapsed() < LONG, "no {what:?}: {output:#?} {errors:#?}");
            tokio::time::sleep(std::time::Duration::from_millis(2)).await;
        }
    }

    /// Kills it (SIGKILL). Nothing is said to anybody.
    ///
    /// # Panics
    /// When it does not run.
    pub fn kill(&mut self) {
        self.take().kill().unwrap();
    }

    /// Lets it stand still (SIGSTOP): its connections stay.
    ///
    /// # Panics
    /// When it does not run.
    pub fn freeze(&self) {
        self.process.as_ref().expect("it does not run").pause().unwrap();
    }

    /// Lets it go on (SIGCONT).
    ///
    /// # Panics
    /// When it does not run.
    pub fn thaw(&self) {
        self.process.as_ref().expect("it does not run").resume().unwrap();
    }

    /// Ends it in good order (SIGTERM), and says how that went.
    ///
    /// # Panics
    /// When it does not run.
    pub async fn terminate(&mut self) -> ExitStatus {
        let process = self.take();
        // Whatever it waits for may run in this process.
        tokio::task::spawn_blocking(move || process.stop(LONG)).await.unwrap().unwrap()
    }

    /// Waits until it has ended by itself, and says how that went.
    ///
    /// # Panics
    /// When it does not within [`LONG`].
    pub async fn ended(&mut self) -> ExitStatus {
        let begin = Instant::now();
        loop {
            let process = self.process.as_mut().expect("it does not run");
            if let Some(status) = process.ended().unwrap() {
                self.process = None;
                return status;
            }
            assert!(begin.elapsed() < LONG, "it does not end: {self:#?}");
            tokio::time::sleep(std::time::Duration::from_millis(2)).await;
        }
    }

    /// Whether it runs, or stands still.
    ///
    /// # Panics
    /// When the system does not tell.
    pub fn runs(&mut self) -> bool {
        self.process.as_mut().is_some_and(|process| process.ended().unwrap().is_none())
    }

    fn take(&mut self) -> Process {
        self.process.take().expect("it does not run")
    }
}

/// Cargo builds the programs of a package with its tests, and puts them beside the directory of those.
fn path(name: &str) -> PathBuf {
    let own = std::env::current_exe().unwrap();
    let directory = own.ancestors().nth(2).unwrap();
    let path = directory.join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    assert!(path.exists(), "{} is missing: cargo builds it for integration tests", path.display());
    path
}

/// What somebody prints, line by line.
#[derive(Debug, Clone, Default)]
struct Lines(Arc<Mutex<(Vec<String>, bool)>>);

impl Lines {
    fn read(from: impl Read + Send + 'static) -> Self {
        let lines = Self::default();
        let own = lines.clone();
        // It ends with the other side.
        thread::spawn(move || {
            BufReader::new(from).lines().map_while(Result::ok).for_each(|line| own.lock().0.push(line));
            own.lock().1 = true;
        });
        lines
    }

    fn get(&self) -> Vec<String> {
        self.lock().0.clone()
    }

    fn ended(&self) -> bool {
        self.lock().1
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, (Vec<String>, bool)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
