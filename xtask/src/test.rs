//! `cargo xtask test`: all tests, with a real nats-server, and a summary.

use crate::{
    cargo,
    error::Error,
    summary::{Step, Summary},
};
use std::{
    io::{self, BufRead, BufReader, IsTerminal, PipeReader, Write},
    path::Path,
    process::{Command, Stdio},
    time::Instant,
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
        interop(binary.path(), &mut summary)?;
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

/// The hook for clients and servers in other languages: the program `tests/interop/run`, if there is one.
///
/// It finds a nats-server in `NATS_SERVER_BIN` and starts what it needs itself. Exit code 0 means passed and
/// 77 skipped, with the reason in its last line; anything else means failed. It may end with a line
/// `N passed, N failed` to be counted one by one.
fn interop(binary: &Path, summary: &mut Summary) -> Result<(), Error> {
    let program = cargo::root().join("tests/interop/run");
    if !program.exists() {
        return Ok(());
    }
    let begin = Instant::now();
    let (reader, writer) = io::pipe()?;
    let mut command = Command::new(&program);
    command.current_dir(cargo::root()).stdin(Stdio::null()).env("NATS_SERVER_BIN", binary);
    let mut child = command.stdout(writer.try_clone()?).stderr(writer).spawn()?;
    drop(command);
    let mut last = String::new();
    pass_through(reader, |line| {
        if !line.trim().is_empty() {
            last = line.trim().to_owned();
        }
    })?;
    let mut step = interop_step(child.wait()?.code(), &last);
    step.seconds = begin.elapsed().as_secs_f64();
    summary.add(step);
    Ok(())
}

fn interop_step(code: Option<i32>, last: &str) -> Step {
    let name = "interop".to_owned();
    if code == Some(77) {
        return Step { name, note: Some(format!("skipped: {last}")), ..Step::default() };
    }
    let counts = last.strip_suffix(" failed").and_then(|line| {
        let (passed, failed) = line.split_once(" passed, ")?;
        Some((passed.parse().ok()?, failed.parse().ok()?))
    });
    let (passed, failed) = match (code, counts) {
        (Some(0), Some(counts)) => counts,
        (Some(0), None) => (1, 0),
        (_, Some((passed, failed))) => (passed, u64::max(failed, 1)),
        (_, None) => (0, 1),
    };
    Step { name, passed, failed, ..Step::default() }
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

#[cfg(test)]
mod tests {
    use super::interop_step;

    #[test]
    fn the_hook_tells_by_exit_code_and_last_line() {
        let counts = |code, last| {
            let step = interop_step(code, last);
            (step.passed, step.failed, step.note)
        };
        assert_eq!(counts(Some(0), "done"), (1, 0, None));
        assert_eq!(counts(Some(0), "12 passed, 0 failed"), (12, 0, None));
        assert_eq!(counts(Some(1), "11 passed, 1 failed"), (11, 1, None));
        assert_eq!(counts(Some(1), "12 passed, 0 failed"), (12, 1, None));
        assert_eq!(counts(None, ""), (0, 1, None));
        assert_eq!(counts(Some(77), "no node"), (0, 0, Some("skipped: no node".to_owned())));
    }
}
