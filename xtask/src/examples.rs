//! Runs the examples as a reader of them does.

use crate::{
    cargo::{self, items},
    demo,
    error::Error,
    executable,
    program::Program,
    summary::Summary,
};
use nats_server::Server;
use serde_json::Value;
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::Command,
    time::Instant,
};

/// What the examples that end by themselves print. One without a row here must end with success.
const PROMISES: &[(&str, &[&str])] = &[
    ("code-first", &["40 + 2 = 42", "1 / 0 : "]),
    ("errors", &["Ada: account 1", "Ada: ", "Bob: ", "  field deposit: must not be negative"]),
    ("hello", &["transport: the embedded in-process broker", "reply:     Hello, Ada!"]),
    ("in-process", &["Hello, Ada!"]),
    (
        "metadata",
        &[
            "message:  Hallo, Ada!",
            "metadata: content-language = Some(\"de\")",
            "trailers: x-token-checksum = Some(\"253\")",
            "no token: ",
        ],
    ),
    ("resilience", &["second | calls that succeed: without | with the defaults", "     3 |", "     8 |"]),
    ("scatter", &["players: [3, 7, 14]", "the emptiest has 3, and still 3"]),
    ("streaming-chat", &["Bob hears Ada: Is anybody there?", "Ada hears Bob: I am."]),
    ("ticker", &["in EUR", "NATS 10.00", "NATS 10.50", "HTTP NOT_FOUND: "]),
    ("upload", &["200 parts, 20000000 bytes, sum 1990000000"]),
];
/// Two programs that only make sense together.
pub(crate) const SERVER: &str = "hello-server";
const CLIENT: &str = "hello-client";
/// Enough to see every part of the demo.
const DEMO_SECONDS: u64 = 4;

/// Where the examples were built to.
pub(crate) type Built = BTreeMap<String, PathBuf>;

/// Builds all examples and runs them; the last is the demo with a short load.
pub(crate) fn run(nats: &Server, summary: &mut Summary) -> Result<Built, Error> {
    let mut built = Built::new();
    let mut failures = Vec::new();
    for name in programs(&cargo::metadata(&["--no-deps"])?) {
        match executable::build(&name, &[]) {
            Ok(path) => drop(built.insert(name, path)),
            Err(error) => failures.push((format!("example {name}"), error)),
        }
    }
    for (name, error) in failures {
        summary.check(&name, Instant::now(), Err(error));
    }

    for (name, path) in built.iter().filter(|(name, _)| *name != SERVER && *name != CLIENT) {
        let promise = PROMISES.iter().find(|(row, _)| row == name).map_or(&[][..], |(_, lines)| lines);
        let begin = Instant::now();
        let result = prints(Command::new(path).env_remove("NATS_URL"), name, promise);
        summary.check(&format!("example {name}"), begin, result);
    }
    if let Some(hello) = built.get("hello") {
        let begin = Instant::now();
        let transport = format!("transport: {}", nats.url());
        let promise = [transport.as_str(), "reply:     Hello, Ada!"];
        let result = prints(Command::new(hello).env("NATS_URL", nats.url()), "hello", &promise);
        summary.check("example hello, NATS_URL set", begin, result);
    }
    if let (Some(server), Some(client)) = (built.get(SERVER), built.get(CLIENT)) {
        let begin = Instant::now();
        summary.check(&format!("example {SERVER}, {CLIENT}"), begin, pair(nats, server, client));
        let begin = Instant::now();
        println!("\nthe demo, {DEMO_SECONDS} s");
        summary.check("demo", begin, demo::play(server, client, &nats.url(), DEMO_SECONDS));
    }
    Ok(built)
}

/// The programs in the folder `examples`.
fn programs(metadata: &Value) -> Vec<String> {
    let folder = cargo::root().join("examples");
    let mut names: Vec<_> = items(&metadata["packages"])
        .filter(|package| {
            package["manifest_path"].as_str().is_some_and(|path| Path::new(path).starts_with(&folder))
        })
        .flat_map(|package| items(&package["targets"]))
        .filter(|target| items(&target["kind"]).any(|kind| kind == "bin"))
        .filter_map(|target| target["name"].as_str().map(str::to_owned))
        .collect();
    names.sort();
    names
}

fn pair(nats: &Server, server: &Path, client: &Path) -> Result<(), Error> {
    let mut server = Program::server(Command::new(server).env("NATS_URL", nats.url()), SERVER)?;
    prints(Command::new(client).env("NATS_URL", nats.url()), CLIENT, &["Hello, Ada!"])?;
    prints(Command::new(client).arg("Bob").env("NATS_URL", nats.url()), CLIENT, &["Hello, Bob!"])?;
    match demo::count(&server.stop()?)? {
        2 => Ok(()),
        count => Err(Error::Failed(format!("{SERVER} served {count} calls, not 2"))),
    }
}

/// The program ends with success, and its lines begin so, in this order.
fn prints(command: &mut Command, name: &str, promise: &[&str]) -> Result<(), Error> {
    let (status, lines) = Program::complete(command, name)?;
    if !status.success() {
        return Err(Error::Failed(format!("{name} ended with {status}")));
    }
    match missing(&lines, promise) {
        None => Ok(()),
        Some(line) => Err(Error::Failed(format!("{name} did not print `{line}`"))),
    }
}

/// The first promised line that does not come in its turn.
fn missing<'a>(lines: &[String], promise: &[&'a str]) -> Option<&'a str> {
    let mut lines = lines.iter();
    promise.iter().copied().find(|start| !lines.any(|line| line.starts_with(start)))
}

#[cfg(test)]
mod tests {
    use super::{missing, programs};
    use crate::cargo;
    use serde_json::json;

    #[test]
    fn only_programs_of_the_examples_are_run() {
        let at = |path: &str| cargo::root().join(path).join("Cargo.toml");
        let metadata = json!({"packages": [
            {"manifest_path": at("examples/b"), "targets": [{"name": "b", "kind": ["bin"]}]},
            {"manifest_path": at("examples/a"), "targets": [
                {"name": "a", "kind": ["bin"]},
                {"name": "build-script-build", "kind": ["custom-build"]},
            ]},
            {"manifest_path": at("xtask"), "targets": [{"name": "xtask", "kind": ["bin"]}]},
        ]});
        assert_eq!(programs(&metadata), ["a", "b"]);
    }

    #[test]
    fn promised_lines_come_in_order() {
        let lines = ["a 1", "b 2", "c"].map(str::to_owned);
        assert_eq!(missing(&lines, &["a", "c"]), None);
        assert_eq!(missing(&lines, &[]), None);
        assert_eq!(missing(&lines, &["b", "a"]), Some("a"));
        assert_eq!(missing(&lines, &["c", "c"]), Some("c"));
    }
}
