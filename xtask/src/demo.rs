//! `cargo xtask demo`: two servers share the calls, each is restarted in turn, and no call fails.

use crate::{
    error::Error,
    executable,
    program::{LIMIT, Program},
};
use nats_server::Server;
use std::{
    fmt,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

/// How long the client calls.
const SECONDS: u64 = 8;
/// The shortest load: each part of the plan takes an eighth of it, and an instance must get calls in each.
const LEAST_SECONDS: u64 = 4;
/// When each instance is stopped and started, in eighths of the load.
const PLAN: [(u32, u32); 2] = [(2, 4), (5, 6)];

pub(crate) fn run(words: &[String]) -> Result<(), Error> {
    let (mut server, mut client, mut seconds) = (None, None, SECONDS);
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let mut value = |what: &str| {
            let value = words.next().map(String::as_str);
            value.ok_or_else(|| Error::Usage(format!("{word} needs a {what}")))
        };
        match word.as_str() {
            "--server" => server = Some(PathBuf::from(value("program")?)),
            "--client" => client = Some(PathBuf::from(value("program")?)),
            "--seconds" => {
                let value = value("number")?;
                seconds =
                    value.parse().ok().filter(|seconds| *seconds >= LEAST_SECONDS).ok_or_else(|| {
                        Error::Usage(format!("--seconds needs a number from {LEAST_SECONDS}, not `{value}`"))
                    })?;
            }
            _ => return Err(Error::unknown(word)),
        }
    }
    let build = |name| executable::build(name, &["--release"]);
    let server = server.map_or_else(|| build("hello-server"), Ok)?;
    let client = client.map_or_else(|| build("hello-client"), Ok)?;

    let nats = Server::start()?;
    println!("nats-server at {}", nats.url());
    play(&server, &client, &nats.url(), seconds)
}

/// Plays the whole of it and prints the report. An error when a call failed, or an instance got none.
pub(crate) fn play(server: &Path, client: &Path, url: &str, seconds: u64) -> Result<(), Error> {
    let report = rehearse(server, client, url, seconds)?;
    println!("\n{report}\n");
    match report.complaint() {
        None => Ok(()),
        Some(complaint) => Err(Error::Failed(complaint)),
    }
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
        let idle = self.served.iter().position(|runs| runs.contains(&0));
        let served: u64 = self.served.iter().flatten().sum();
        let succeeded = self.calls.saturating_sub(self.failed);
        match (self.calls, self.failed, idle) {
            (0, ..) => Some("the client made no call".to_owned()),
            (_, 1, _) => Some("1 call failed".to_owned()),
            (_, 2.., _) => Some(format!("{} calls failed", self.failed)),
            (_, _, Some(index)) => Some(format!("instance {} served no call in one of its runs", index + 1)),
            // There may be more: a call that was repeated ran twice.
            _ if served < succeeded => Some(format!("{succeeded} calls succeeded, but {served} were served")),
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

fn rehearse(server: &Path, client: &Path, url: &str, seconds: u64) -> Result<Report, Error> {
    let mut report = Report::default();
    let start =
        |number| Program::server(Command::new(server).env("NATS_URL", url), &format!("server {number}"));
    let mut instances = [start(1)?, start(2)?];

    let mut command = Command::new(client);
    command.args(["--load", "--concurrency", "64", "--seconds", &seconds.to_string()]);
    let mut load = Program::start(command.env("NATS_URL", url), "client")?;
    let begin = Instant::now();
    let length = Duration::from_secs(seconds);

    for (index, (stop, again)) in PLAN.into_iter().enumerate() {
        load.run_until(begin + length * stop / 8)?;
        println!("-- stopping instance {}", index + 1);
        report.served[index].push(count(&instances[index].stop()?)?);
        load.run_until(begin + length * again / 8)?;
        println!("-- starting instance {}", index + 1);
        instances[index] = start(index + 1)?;
    }

    let (status, lines) = load.finish(begin + length + LIMIT)?;
    let end = lines.iter().rev().find_map(|line| total(line));
    (report.calls, report.failed) =
        end.ok_or_else(|| Error::Failed(format!("the client told no total: {status}")))?;
    for (index, instance) in instances.iter_mut().enumerate() {
        report.served[index].push(count(&instance.stop()?)?);
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

/// How many calls a server has served, from its last lines.
pub(crate) fn count(lines: &[String]) -> Result<u64, Error> {
    let count = lines.iter().rev().find_map(|line| served(line));
    count.ok_or_else(|| "a server did not tell how many calls it served".into())
}

/// `served N calls`
fn served(line: &str) -> Option<u64> {
    line.strip_prefix("served ")?.strip_suffix(" calls")?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::{Report, run, served, total};
    use crate::error::Error;

    #[test]
    fn reads_the_lines_of_the_programs() {
        assert_eq!(total("total calls=120 failed=3"), Some((120, 3)));
        assert_eq!(total("calls=120 failed=3"), None);
        assert_eq!(served("served 17 calls"), Some(17));
        assert_eq!(served("serving hello"), None);
    }

    #[test]
    fn success_needs_calls_in_every_run_and_no_failure() {
        let complaint = |one: &[u64], two: &[u64], calls, failed| {
            Report { served: [one.to_vec(), two.to_vec()], calls, failed }.complaint()
        };
        assert_eq!(complaint(&[1, 1], &[1, 2], 5, 0), None);
        assert_eq!(complaint(&[1, 1], &[1, 3], 5, 0), None);
        assert_eq!(complaint(&[1, 1], &[2, 2], 6, 1).as_deref(), Some("1 call failed"));
        assert_eq!(complaint(&[1, 1], &[2, 2], 6, 2).as_deref(), Some("2 calls failed"));
        let idle = complaint(&[5, 1], &[1, 0], 7, 0);
        assert_eq!(idle.as_deref(), Some("instance 2 served no call in one of its runs"));
        let lost = complaint(&[5, 1], &[1, 1], 9, 0);
        assert_eq!(lost.as_deref(), Some("9 calls succeeded, but 8 were served"));
        assert_eq!(complaint(&[0], &[0], 0, 0).as_deref(), Some("the client made no call"));
    }

    #[test]
    fn wrong_words_are_told() {
        for line in ["--seconds", "--seconds 3", "--seconds many", "--server", "fast"] {
            let words: Vec<_> = line.split(' ').map(str::to_owned).collect();
            assert!(matches!(run(&words), Err(Error::Usage(_))), "{line}");
        }
    }
}
