//! Clients that others wrote call our servers: nats-py by `tests/interop/probe.py`, and the `nats` command line.

use crate::{
    cargo,
    error::Error,
    executable,
    program::Program,
    summary::{Step, Summary},
};
use nats_server::{Cache, Server};
use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Instant,
};

/// Fixed, so that a new release of theirs is no surprise here.
const NATS_PY: &str = "2.16.0";
const NATSCLI: &str = "v0.5.1";

/// What a row tries, what is typed behind `nats request`, and what has to be in the answer.
const REQUESTS: &[(&str, &[&str], &[&str])] = &[
    (
        "JSON",
        &["svc.greeter.v1.Greeter.SayHello", r#"{"name":"Ada"}"#, "-H", "Content-Type:application/json"],
        &["Content-Type: application/json", r#"{"message":"Hello, Ada!"}"#],
    ),
    (
        "bad JSON",
        &["svc.greeter.v1.Greeter.SayHello", r#"{"name":"#, "-H", "Content-Type:application/json"],
        &["Nats-Service-Error-Code: 13", "Nats-Service-Error: "],
    ),
    ("no such method", &["svc.greeter.v1.Greeter.NoSuchMethod", "{}"], &["No responders"]),
];

/// Tries both. Without python3, or without go, that part is left out.
pub(crate) fn run(nats: &Server, hello_server: Option<&Path>, summary: &mut Summary) {
    if on_path("python3") {
        let begin = Instant::now();
        let mut step = nats_py(nats).unwrap_or_else(|error| Step::failure(error.text()));
        "interop nats-py".clone_into(&mut step.name);
        step.seconds = begin.elapsed().as_secs_f64();
        summary.add(step);
    } else {
        summary.skip("interop nats-py", "no python3");
    }
    // The example's own step has failed if it did not build.
    let Some(hello_server) = hello_server else { return };
    if on_path("go") {
        let begin = Instant::now();
        match natscli(nats, hello_server) {
            Ok(results) => {
                for (name, begin, result) in results {
                    summary.check(&name, begin, result);
                }
            }
            Err(error) => summary.check("interop nats", begin, Err(error)),
        }
    } else {
        summary.skip("interop nats", "no go");
    }
}

fn on_path(program: &str) -> bool {
    env::var_os("PATH").is_some_and(|path| env::split_paths(&path).any(|dir| dir.join(program).is_file()))
}

fn nats_py(nats: &Server) -> Result<Step, Error> {
    let python = python()?;
    let server = executable::build("interop-server", &[])?;
    let mut server = Program::server(Command::new(server).env("NATS_URL", nats.url()), "interop-server")?;
    let mut command = Command::new(python);
    command.arg(cargo::root().join("tests/interop/probe.py")).env("NATS_URL", nats.url());
    let (status, lines) = Program::complete(&mut command, "nats-py")?;
    server.stop()?;
    Ok(outcome(status.success(), lines.last().map_or("", String::as_str)))
}

/// Takes the script at its last line, `N passed, N failed`, unless its exit code is worse.
fn outcome(success: bool, last: &str) -> Step {
    let counts = last.strip_suffix(" failed").and_then(|line| {
        let (passed, failed) = line.split_once(" passed, ")?;
        Some((passed.parse().ok()?, failed.parse().ok()?))
    });
    match (success, counts) {
        (true, Some((passed @ 1.., 0))) => Step { passed, ..Step::default() },
        (_, Some((passed, failed))) => Step { passed, failed: u64::max(failed, 1), ..Step::default() },
        (_, None) => Step::failure("the script did not come to its end"),
    }
}

/// A Python that has nats-py, in an environment of its own in the cache.
fn python() -> Result<PathBuf, Error> {
    let cache = Cache::named("nats-py")?;
    let _lock = cache.lock()?;
    let dir = cache.dir().join(NATS_PY);
    let python = dir.join("bin/python");
    // A new Python on the machine may have broken it.
    let works = || quietly(Command::new(&python).args(["-c", "import nats"]));
    if works() {
        return Ok(python);
    }
    println!("installing nats-py {NATS_PY} into {}", dir.display());
    if dir.exists() {
        fs::remove_dir_all(&dir)?;
    }
    cargo::status(Command::new("python3").args(["-m", "venv"]).arg(&dir).stdin(Stdio::null()))?;
    let package = format!("nats-py=={NATS_PY}");
    let options = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"];
    cargo::status(Command::new(&python).args(options).arg(package).stdin(Stdio::null()))?;
    match works() {
        true => Ok(python),
        false => Err(Error::Failed(format!("nats-py {NATS_PY} was installed but cannot be imported"))),
    }
}

type Outcome = (String, Instant, Result<(), Error>);

fn natscli(nats: &Server, hello_server: &Path) -> Result<Vec<Outcome>, Error> {
    let cache = Cache::named("natscli")?;
    let cli = cli(&cache)?;
    let mut server = Program::server(Command::new(hello_server).env("NATS_URL", nats.url()), "hello-server")?;
    let mut results = Vec::new();
    for (name, args, wanted) in REQUESTS {
        let begin = Instant::now();
        let mut command = Command::new(&cli);
        // It must not find the contexts of this user.
        command.env("HOME", cache.dir()).env("XDG_CONFIG_HOME", cache.dir().join("config"));
        for variable in ["NATS_CONTEXT", "NATS_URL", "NATS_USER", "NATS_PASSWORD", "NATS_CREDS", "NATS_NKEY"]
        {
            command.env_remove(variable);
        }
        command.args(["--server", &nats.url(), "request"]).args(*args);
        let result = Program::complete(&mut command, "nats").and_then(|(_, lines)| tells(&lines, wanted));
        results.push((format!("interop nats request, {name}"), begin, result));
    }
    server.stop()?;
    Ok(results)
}

fn tells(lines: &[String], wanted: &[&str]) -> Result<(), Error> {
    match wanted.iter().find(|part| !lines.iter().any(|line| line.contains(**part))) {
        None => Ok(()),
        Some(part) => Err(Error::Failed(format!("`nats` did not tell `{part}`"))),
    }
}

/// The `nats` program, built from source into the cache.
fn cli(cache: &Cache) -> Result<PathBuf, Error> {
    let _lock = cache.lock()?;
    let dir = cache.dir().join(NATSCLI);
    let cli = dir.join("nats");
    if quietly(Command::new(&cli).arg("--version")) {
        return Ok(cli);
    }
    println!("building natscli {NATSCLI} into {}", dir.display());
    let source = format!("github.com/nats-io/natscli/nats@{NATSCLI}");
    let mut command = Command::new("go");
    cargo::status(command.args(["install", &source]).env("GOBIN", &dir).stdin(Stdio::null()))?;
    Ok(cli)
}

/// Whether a command ends with success, without its output.
fn quietly(command: &mut Command) -> bool {
    let command = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

#[cfg(test)]
mod tests {
    use super::{outcome, tells};

    #[test]
    fn the_script_tells_by_exit_code_and_last_line() {
        let counts = |success, last| {
            let step = outcome(success, last);
            (step.passed, step.failed)
        };
        assert_eq!(counts(true, "12 passed, 0 failed"), (12, 0));
        assert_eq!(counts(false, "11 passed, 1 failed"), (11, 1));
        assert_eq!(counts(false, "12 passed, 0 failed"), (12, 1));
        assert_eq!(counts(true, "0 passed, 0 failed"), (0, 1));
        assert_eq!(counts(true, "done"), (0, 1));
    }

    #[test]
    fn all_that_is_wanted_must_be_told() {
        let lines = ["one two", "three"].map(str::to_owned);
        assert!(tells(&lines, &["three", "two"]).is_ok());
        assert!(tells(&lines, &["one", "four"]).is_err());
    }
}
