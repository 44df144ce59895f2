//! Runs cargo.

use crate::error::Error;
use serde_json::Value;
use std::{
    env,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// The root of the workspace.
pub(crate) fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_owned()
}

/// Cargo in the root of the workspace, without input.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root()).stdin(Stdio::null());
    // They are set because we run under cargo; cargo below us must not take them for the user's.
    for (name, _) in env::vars_os() {
        if name
            .to_str()
            .is_some_and(|name| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_"))
        {
            command.env_remove(name);
        }
    }
    command
}

/// Runs `cargo ARGS` with our output.
pub(crate) fn run(args: &[&str]) -> Result<(), Error> {
    status(cargo().args(args))
}

/// Runs a command with our output.
pub(crate) fn status(command: &mut Command) -> Result<(), Error> {
    let line = line(command);
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(Error::Failed(format!("`{line}`: {status}"))),
        Err(error) => Err(Error::Failed(format!("`{line}`: {error}"))),
    }
}

/// A command as a person types it.
fn line(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name().unwrap_or_default();
    let words = std::iter::once(program).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

/// What `cargo metadata ARGS` tells.
pub(crate) fn metadata(args: &[&str]) -> Result<Value, Error> {
    let output = cargo()
        .args(["metadata", "--quiet", "--format-version", "1"])
        .args(args)
        .stderr(Stdio::inherit())
        .output()?;
    if !output.status.success() {
        return Err(Error::Failed(format!("`cargo metadata`: {}", output.status)));
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// The items of a list in JSON; none if it is no list.
pub(crate) fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}
