//! Generates code, and compiles it as a crate of its own.

use crate::{cargo, error::Error};
use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Instant,
};

/// An empty directory below the target directory.
pub(super) fn scratch(name: &str) -> Result<PathBuf, Error> {
    let dir = cargo::root().join("target/schemas").join(name);
    if dir.exists() {
        fs::remove_dir_all(&dir)?;
    }
    fs::create_dir_all(&dir)?;
    Ok(dir)
}

/// Generates the code of some files, and tells how much memory it took.
pub(super) fn generate(
    generator: &Path,
    out: &Path,
    includes: &[PathBuf],
    protos: &[PathBuf],
) -> Result<String, Error> {
    let mut command = Command::new(generator);
    let mut child = command
        .arg(out)
        .args(includes)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        for path in protos {
            writeln!(stdin, "{}", path.display())?;
        }
    }
    let output = child.wait_with_output()?;
    let text = String::from_utf8_lossy(&output.stderr);
    print!("{text}");
    if !output.status.success() {
        return Err(Error::Failed("nothing was generated".to_owned()));
    }
    Ok(text.trim_end().rsplit(", ").next().unwrap_or_default().to_owned())
}

/// A crate with generated code and nothing else.
pub(super) struct Crate {
    dir: PathBuf,
}

const MANIFEST: &str = "\
[package]
name = \"schemas\"
edition = \"2024\"

[workspace]

[dependencies]
nats-rpc = { path = \"NATS_RPC\" }
";

const LIB: &str = "\
//! Generated code, in a crate that allows nothing.

#![deny(warnings, clippy::pedantic, clippy::nursery, missing_docs, unreachable_pub)]

include!(\"proto/mod.rs\");
";

impl Crate {
    pub(super) fn new(dir: &Path) -> Result<Self, Error> {
        let krate = Self { dir: dir.to_owned() };
        fs::create_dir_all(krate.code())?;
        let runtime = cargo::root().join("nats-rpc");
        fs::write(dir.join("Cargo.toml"), MANIFEST.replace("NATS_RPC", &runtime.to_string_lossy()))?;
        fs::write(dir.join("src/lib.rs"), LIB)?;
        // The same versions as in the workspace.
        fs::copy(cargo::root().join("Cargo.lock"), dir.join("Cargo.lock"))?;
        Ok(krate)
    }

    /// Where its generated code belongs.
    pub(super) fn code(&self) -> PathBuf {
        self.dir.join("src/proto")
    }

    /// Takes the code that was generated in another directory.
    pub(super) fn take(&self, from: &Path) -> Result<(), Error> {
        fs::remove_dir(self.code())?;
        Ok(fs::rename(from, self.code())?)
    }

    /// Compiles it without warnings, those of clippy included if asked for; tells the seconds.
    pub(super) fn check(&self, clippy: bool) -> Result<f64, Error> {
        self.cargo(&[if clippy { "clippy" } else { "check" }])
    }

    /// Documents it without warnings, and makes sure that no example in it would be run; tells the seconds.
    pub(super) fn document(&self) -> Result<f64, Error> {
        let seconds = self.cargo(&["rustdoc", "--", "-D", "warnings"])?;
        let output = self.command(&["rustdoc", "--", "--test"]).stderr(Stdio::inherit()).output()?;
        match String::from_utf8_lossy(&output.stdout).contains("running 0 tests") {
            true => Ok(seconds),
            false => Err(Error::Failed("a comment became an example that is run".to_owned())),
        }
    }

    /// Removes it, since some are large.
    pub(super) fn remove(self) -> Result<(), Error> {
        Ok(fs::remove_dir_all(self.dir)?)
    }

    fn cargo(&self, words: &[&str]) -> Result<f64, Error> {
        let begin = Instant::now();
        cargo::status(&mut self.command(words))?;
        Ok(begin.elapsed().as_secs_f64())
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = cargo::cargo();
        let target = cargo::root().join("target/schemas/target");
        command.current_dir(&self.dir).env("CARGO_TARGET_DIR", target).arg(words[0]).arg("--quiet");
        command.args(&words[1..]);
        command
    }
}
