//! Runs a helper program to its end, within a limit.

use std::{
    fs::File,
    io::{self, Seek},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

/// Runs `command` without input and returns what it wrote to its standard output.
/// A failure is told in one line.
pub(crate) fn run(command: &mut Command, limit: Duration) -> Result<String, String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let io_error = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => format!("{program}: not found"),
        _ => format!("{program}: {error}"),
    };
    // Files and not pipes: a grandchild that lives on cannot keep us waiting for their end.
    let mut stdout = tempfile::tempfile().map_err(io_error)?;
    let mut stderr = tempfile::tempfile().map_err(io_error)?;
    let mut child = command
        .stdin(Stdio::null())
        .stdout(stdout.try_clone().map_err(io_error)?)
        .stderr(stderr.try_clone().map_err(io_error)?)
        .spawn()
        .map_err(io_error)?;
    let begin = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().map_err(io_error)? {
            break status;
        }
        if begin.elapsed() > limit {
            child.kill().map_err(io_error)?;
            child.wait().map_err(io_error)?;
            return Err(format!("{program}: no end after {} s", limit.as_secs()));
        }
        thread::sleep(Duration::from_millis(5));
    };
    let text = text(&mut stdout).map_err(io_error)?;
    if status.success() {
        return Ok(text);
    }
    let errors = self::text(&mut stderr).map_err(io_error)?;
    let last = |text: &str| text.lines().map(str::trim).rfind(|line| !line.is_empty()).map(str::to_owned);
    let reason = last(&errors).or_else(|| last(&text)).unwrap_or_default();
    Err(format!("{program}: {status}: {reason}"))
}

fn text(file: &mut File) -> io::Result<String> {
    file.rewind()?;
    let mut bytes = Vec::new();
    io::copy(file, &mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::run;
    use std::{process::Command, time::Duration};

    const LIMIT: Duration = Duration::from_secs(30);

    fn shell(script: &str, limit: Duration) -> Result<String, String> {
        run(Command::new("sh").args(["-c", script]), limit)
    }

    #[test]
    fn returns_the_output() {
        assert_eq!(shell("echo one; echo two >&2", LIMIT).unwrap(), "one\n");
    }

    #[test]
    fn tells_a_failure_by_its_last_line() {
        let error = shell("echo first >&2; echo last >&2; echo >&2; exit 3", LIMIT).unwrap_err();
        assert_eq!(error, "sh: exit status: 3: last");
    }

    #[test]
    fn tells_a_missing_program() {
        let error = run(&mut Command::new("no-such-program-here"), LIMIT).unwrap_err();
        assert_eq!(error, "no-such-program-here: not found");
    }

    #[test]
    fn ends_what_takes_too_long() {
        let error = shell("exec sleep 600", Duration::ZERO).unwrap_err();
        assert_eq!(error, "sh: no end after 0 s");
    }
}
