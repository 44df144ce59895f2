use std::fmt;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::thread;

use serde::Serialize;

/// What everything ran on, and what it was.
#[derive(Debug, Serialize)]
pub(super) struct Machine {
    pub(super) cores: usize,
    pub(super) model: String,
    pub(super) kernel: String,
    pub(super) rustc: String,
    pub(super) nats_server: String,
    pub(super) tonic: String,
    pub(super) async_nats: String,
}

impl Machine {
    /// `root` is the workspace's. What the system does not tell is `unknown`.
    pub(super) fn look(root: &Path, nats_server: &str) -> Self {
        let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
        let lock = fs::read_to_string(root.join("Cargo.lock")).unwrap_or_default();
        let rustc = Command::new("rustc").arg("--version").output();
        let rustc =
            rustc.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
        Self {
            cores: thread::available_parallelism().map_or(0, Into::into),
            model: known(field(&read("/proc/cpuinfo"), "model name")),
            kernel: known(Some(read("/proc/sys/kernel/osrelease").trim().to_owned())),
            rustc: known(rustc.split_whitespace().nth(1).map(str::to_owned)),
            nats_server: nats_server.to_owned(),
            tonic: known(version(&lock, "tonic")),
            async_nats: known(version(&lock, "async-nats")),
        }
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { cores, model, kernel, rustc, nats_server, tonic, async_nats } = self;
        write!(f, "{cores} cores of {model}, Linux {kernel}, rustc {rustc}, ")?;
        write!(f, "nats-server {nats_server}, async-nats {async_nats}, tonic {tonic}")
    }
}

fn known(text: Option<String>) -> String {
    text.filter(|text| !text.is_empty()).unwrap_or_else(|| "unknown".to_owned())
}

/// `name : value`, as in `/proc/cpuinfo`.
fn field(text: &str, name: &str) -> Option<String> {
    let fields = text.lines().filter_map(|line| line.split_once(':'));
    fields
        .map(|(key, value)| (key.trim(), value.trim()))
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value.to_owned())
}

/// The version of a package, as `Cargo.lock` tells.
fn version(lock: &str, package: &str) -> Option<String> {
    let (_, rest) = lock.split_once(&format!("name = \"{package}\"\nversion = \""))?;
    Some(rest.split_once('"')?.0.to_owned())
}

#[cfg(test)]
mod tests {
    use super::{field, version};

    #[test]
    fn versions_come_from_the_lock_file() {
        let lock = "[[package]]\nname = \"tonic-prost\"\nversion = \"1\"\n\n[[package]]\nname = \"tonic\"\nversion = \"0.14.9\"\n";
        assert_eq!(version(lock, "tonic").as_deref(), Some("0.14.9"));
        assert_eq!(version(lock, "hyper"), None);
    }

    #[test]
    fn fields_are_found_by_their_whole_name() {
        let text = "model\t\t: 2\nmodel name\t: A Processor\n";
        assert_eq!(field(text, "model name").as_deref(), Some("A Processor"));
        assert_eq!(field(text, "name"), None);
    }
}
