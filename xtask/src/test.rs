//! `cargo xtask test`: all tests, with a real nats-server, and a summary.

use crate::{cargo, error::Error, examples, interop, summary::Summary};
use nats_server::Server;
use std::{
    io::{self, BufRead, BufReader, IsTerminal, PipeReader, Write},
    path::{Path, PathBuf},
};

pub(crate) fn run(words: &[String]) -> Result<(), Error> {
    let args: Vec<&str> = match words.split_first() {
        None => vec!["--workspace", "--all-features"],
        Some((first, rest)) if first == "--" => rest.iter().map(String::as_str).collect(),
        Some((word, _)) => return Err(Error::unknown(word)),
    };

    // First, so that a machine without one is told at once.
    let binary = nats_server::locate()?;
    println!("nats-server {} from {}: {}", binary.version(), binary.source(), binary.path().display());

    let mut summary = Summary::default();
    cargo_test(&args, binary.path(), &mut summary)?;
    if words.is_empty() {
        let nats = Server::start()?;
        println!("\nexamples, with a nats-server at {}", nats.url());
        let built = examples::run(&nats, &mut summary)?;
        println!("\ninterop");
        interop::run(&nats, built.get(examples::SERVER).map(PathBuf::as_path), &mut summary);
    }

    println!("\n{summary}");
    if summary.failed() > 0 {
        return Err(Error::Told);
    }
    if summary.passed() == 0 {
        return Err(Error::Failed("no test ran".to_owned()));
    }
    Ok(())
}

/// Unit tests, golden files, trybuild, e2e and doc tests: all are plain cargo tests.
fn cargo_test(args: &[&str], binary: &Path, summary: &mut Summary) -> Result<(), Error> {
    // One pipe for both streams: cargo's headings and the programs' results stay in order.
    let (reader, writer) = io::pipe()?;
    let mut command = cargo::cargo();
    command.args(["test", "--no-fail-fast"]).args(args).env("NATS_SERVER_BIN", binary);
    if io::stdout().is_terminal() {
        command.env("CARGO_TERM_COLOR", "always");
    }
    let mut child = command.stdout(writer.try_clone()?).stderr(writer).spawn()?;
    // It holds the writing end; without this the reading one would never end.
    drop(command);
    pass_through(reader, |line| summary.line(line))?;
    summary.end(child.wait()?.success());
    Ok(())
}

/// Copies to our output as it comes, and shows each line.
fn pass_through(reader: PipeReader, mut show: impl FnMut(&str)) -> io::Result<()> {
    let mut reader = BufReader::new(reader);
    let mut stdout = io::stdout();
    let mut line = Vec::new();
    while reader.read_until(b'\n', &mut line)? > 0 {
        stdout.write_all(&line)?;
        stdout.flush()?;
        show(&String::from_utf8_lossy(&line));
        line.clear();
    }
    Ok(())
}
