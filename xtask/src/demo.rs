//! `cargo xtask demo`: two servers share the calls, each is restarted in turn, and no call fails.

use crate::{
    cargo::{self, items},
    error::Error,
};
use nats_server::{Server, Signal, signal};
use serde_json::Value;
use std::{
    fmt,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::mpsc::{self, Receiver},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

/// A server may need this long to get ready or to end.
const LIMIT: Duration = Duration::from_secs(30);
/// How long the client calls.
const LOAD_SECONDS: u64 = 8;
/// When each instance is stopped and started, in seconds after the load begins.
const TIMES: [(u64, u64); 2] = [(2, 4), (6, 7)];

pub(crate) fn run(words: &[String]) -> Result<(), Error> {
    let (mut server, mut client) = (None, None);
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let program = match word.as_str() {
            "--server" => &mut server,
            "--client" => &mut client,
            _ => return Err(Error::unknown(word)),
        };
        let path = words.next().ok_or_else(|| Error::Usage(format!("{word} needs a program")))?;
        *program = Some(PathBuf::from(path));
    }
    let server = server.map_or_else(|| build("hello-server"), Ok)?;
    let client = client.map_or_else(|| build("hello-client"), Ok)?;

    let nats = Server::start()?;
    println!("nats-server at {}", nats.url());
    let report = play(&server, &client, &nats.url())?;
    println!("\n{report}");
    match report.complaint() {
        None => Ok(()),
        Some(complaint) => Err(Error::Failed(complaint)),
    }
}

/// Builds a program of the examples and tells where it is.
fn build(name: &str) -> Result<PathBuf, Error> {
    let metadata = cargo::metadata(&["--no-deps"])?;
    let (package, kind) = find(&metadata, name)
        .ok_or_else(|| Error::Failed(format!("no crate of the workspace has a program `{name}`")))?;
    let output = cargo::cargo()
        .args(["build", "--release", "--message-format", "json-render-diagnostics", "--package", &package])
        .args([&format!("--{kind}"), name])
        .stderr(Stdio::inherit())
        .output()?;
    if !output.status.success() {
        return Err(Error::Failed(format!("`{name}` does not build")));
    }
    let text = String::from_utf8_lossy(&output.stdout);
    text.lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|message| message["target"]["name"] == name)
        .find_map(|message| message["executable"].as_str().map(PathBuf::from))
        .ok_or_else(|| Error::Failed(format!("cargo did not tell where `{name}` is")))
}

/// The package of a program, and whether it is a `bin` or an `example`.
fn find(metadata: &Value, name: &str) -> Option<(String, String)> {
    items(&metadata["packages"]).find_map(|package| {
        let target = items(&package["targets"]).find(|target| target["name"] == name)?;
        let kind = items(&target["kind"]).find(|kind| *kind == "bin" || *kind == "example")?;
        Some((package["name"].as_str()?.to_owned(), kind.as_str()?.to_owned()))
    })
}

/// What happened.
#[derive(Debug, Default)]
struct Report {
    /// The calls served by each instance, for each of its runs.
    served: [Vec<u64>; 2],
    calls: u64,
    failed: u64,
}

impl Report {
    fn complaint(&self) -> Option<String> {
        let idle = self.served.iter().position(|runs| runs.iter().sum::<u64>() == 0);
        match (self.calls, self.failed, idle) {
            (0, ..) => Some("the client made no call".to_owned()),
            (_, 1.., _) => Some(format!("{} calls failed", self.failed)),
            (_, _, Some(index)) => Some(format!("instance {} served no call", index + 1)),
            _ => None,
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, runs) in self.served.iter().enumerate() {
            let number = index + 1;
            let list: Vec<_> = runs.iter().map(u64::to_string).collect();
            writeln!(f, "instance {number}  served {} calls, restarted once", list.join(" + "))?;
        }
        write!(f, "client      made {} calls, {} failed", self.calls, self.failed)
    }
}

fn play(server: &Path, client: &Path, url: &str) -> Result<Report, Error> {
    let mut report = Report::default();
    let start = |number: usize| Program::server(server, url, number);
    let mut instances = [start(1)?, start(2)?];

    let mut command = Command::new(client);
    command.args(["--load", "--concurrency", "64", "--seconds", &LOAD_SECONDS.to_string()]);
    let mut load = Program::start(command.env("NATS_URL", url), "client".to_owned())?;
    let begin = Instant::now();

    for (index, (stop, again)) in TIMES.into_iter().enumerate() {
        load.run_until(begin + Duration::from_secs(stop))?;
        println!("-- stopping instance {}", index + 1);
        report.served[index].push(instances[index].stop()?);
        load.run_until(begin + Duration::from_secs(again))?;
        println!("-- starting instance {}", index + 1);
        instances[index] = start(index + 1)?;
    }

    let (status, lines) = load.finish(begin + Duration::from_secs(LOAD_SECONDS) + LIMIT)?;
    (report.calls, report.failed) = lines
        .iter()
        .rev()
        .find_map(|line| total(line))
        .ok_or_else(|| Error::Failed(format!("the client told no total: {status}")))?;
    for (index, instance) in instances.iter_mut().enumerate() {
        report.served[index].push(instance.stop()?);
    }
    if !status.success() && report.failed == 0 {
        return Err(Error::Failed(format!("the client ended with {status}")));
    }
    Ok(report)
}

/// `total calls=N failed=M`
fn total(line: &str) -> Option<(u64, u64)> {
    let (calls, failed) = line.strip_prefix("total calls=")?.split_once(" failed=")?;
    Some((calls.parse().ok()?, failed.parse().ok()?))
}

/// `served N calls`
fn served(line: &str) -> Option<u64> {
    line.strip_prefix("served ")?.strip_suffix(" calls")?.parse().ok()
}

/// A running program whose lines we show and keep. It is killed when dropped.
struct Program {
    name: String,
    child: Child,
    lines: Receiver<String>,
    printer: Option<JoinHandle<()>>,
}

impl Program {
    /// Starts an instance and waits until it serves.
    fn server(program: &Path, url: &str, number: usize) -> Result<Self, Error> {
        let program = Self::start(Command::new(program).env("NATS_URL", url), format!("server {number}"))?;
        let deadline = Instant::now() + LIMIT;
        loop {
            match program.lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(line) if line.starts_with("serving") => return Ok(program),
                Ok(_) => {}
                Err(_) => return Err(Error::Failed(format!("{} did not get ready", program.name))),
            }
        }
    }

    fn start(command: &mut Command, name: String) -> Result<Self, Error> {
        let program = command.get_program().to_string_lossy().into_owned();
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| Error::Failed(format!("{program}: {error}")))?;
        let stdout = child.stdout.take().ok_or("a program without output")?;
        let (sender, lines) = mpsc::channel();
        let prefix = name.clone();
        let printer = thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                println!("[{prefix}] {line}");
                // Nobody may care for it any more.
                let _ = sender.send(line);
            }
        });
        Ok(Self { name, child, lines, printer: Some(printer) })
    }

    /// Waits for a moment of the plan, during which the program must go on.
    fn run_until(&mut self, moment: Instant) -> Result<(), Error> {
        while Instant::now() < moment {
            if let Some(status) = self.child.try_wait()? {
                return Err(Error::Failed(format!("{} ended too early: {status}", self.name)));
            }
            thread::sleep(Duration::from_millis(20).min(moment.saturating_duration_since(Instant::now())));
        }
        Ok(())
    }

    /// Asks an instance to end, and returns how many calls it served.
    fn stop(&mut self) -> Result<u64, Error> {
        signal(self.child.id(), Signal::Terminate)?;
        let (status, lines) = self.finish(Instant::now() + LIMIT)?;
        if !status.success() {
            return Err(Error::Failed(format!("{} ended with {status}", self.name)));
        }
        let count = lines.iter().rev().find_map(|line| served(line));
        count.ok_or_else(|| Error::Failed(format!("{} did not tell how many calls it served", self.name)))
    }

    /// Waits for the end, and returns the lines not yet read.
    fn finish(&mut self, deadline: Instant) -> Result<(ExitStatus, Vec<String>), Error> {
        let status = loop {
            if let Some(status) = self.child.try_wait()? {
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

impl Drop for Program {
    fn drop(&mut self) {
        // Both do nothing for a child that has ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::{Report, find, served, total};
    use serde_json::json;

    #[test]
    fn reads_the_lines_of_the_programs() {
        assert_eq!(total("total calls=120 failed=3"), Some((120, 3)));
        assert_eq!(total("calls=120 failed=3"), None);
        assert_eq!(served("served 17 calls"), Some(17));
        assert_eq!(served("serving hello"), None);
    }

    #[test]
    fn success_needs_calls_by_both_and_no_failure() {
        let complaint = |one: &[u64], two: &[u64], calls, failed| {
            Report { served: [one.to_vec(), two.to_vec()], calls, failed }.complaint()
        };
        assert_eq!(complaint(&[1, 0], &[0, 2], 3, 0), None);
        assert_eq!(complaint(&[1, 1], &[2, 2], 6, 1).as_deref(), Some("1 calls failed"));
        assert_eq!(complaint(&[6, 0], &[0, 0], 6, 0).as_deref(), Some("instance 2 served no call"));
        assert_eq!(complaint(&[0], &[0], 0, 0).as_deref(), Some("the client made no call"));
    }

    #[test]
    fn finds_a_program_by_its_name() {
        let metadata = json!({"packages": [
            {"name": "hello", "targets": [{"name": "hello", "kind": ["lib"]}, {"name": "serve", "kind": ["bin"]}]},
            {"name": "other", "targets": [{"name": "call", "kind": ["example"]}]},
        ]});
        assert_eq!(find(&metadata, "serve"), Some(("hello".to_owned(), "bin".to_owned())));
        assert_eq!(find(&metadata, "call"), Some(("other".to_owned(), "example".to_owned())));
        assert_eq!(find(&metadata, "hello"), None);
    }
}
