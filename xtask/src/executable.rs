//! Builds programs of the workspace.

use crate::{
    cargo::{self, items},
    error::Error,
};
use serde_json::Value;
use std::{path::PathBuf, process::Stdio};

/// Builds a program and tells where it is. Its package is built alone: with the features that a user gets by
/// `cargo run -p`, and not with those that other crates of the workspace ask for.
pub(crate) fn build(name: &str, options: &[&str]) -> Result<PathBuf, Error> {
    let metadata = cargo::metadata(&["--no-deps"])?;
    let (package, kind) = find(&metadata, name)
        .ok_or_else(|| Error::Failed(format!("no crate of the workspace has a program `{name}`")))?;
    let output = cargo::cargo()
        .args(["build", "--message-format", "json-render-diagnostics", "--package", &package])
        .args([&format!("--{kind}"), name])
        .args(options)
        .stderr(Stdio::inherit())
        .output()?;
    if !output.status.success() {
        return Err(Error::Failed(format!("`{name}` does not build")));
    }
    let text = String::from_utf8_lossy(&output.stdout);
    text.lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|message| message["target"]["name"] == name)
        .find_map(|message| message["executable"].as_str().map(PathBuf::from))
        .ok_or_else(|| Error::Failed(format!("cargo did not tell where `{name}` is")))
}

/// The package of a program, and whether it is a `bin` or an `example`.
fn find(metadata: &Value, name: &str) -> Option<(String, String)> {
    items(&metadata["packages"]).find_map(|package| {
        // A library may have the same name.
        let targets = items(&package["targets"]).filter(|target| target["name"] == name);
        let mut kinds = targets.flat_map(|target| items(&target["kind"]));
        let kind = kinds.find(|kind| *kind == "bin" || *kind == "example")?;
        Some((package["name"].as_str()?.to_owned(), kind.as_str()?.to_owned()))
    })
}

#[cfg(test)]
mod tests {
    use super::find;
    use serde_json::json;

    #[test]
    fn finds_a_program_by_its_name() {
        let metadata = json!({"packages": [
            {"name": "hello", "targets": [{"name": "hello", "kind": ["lib"]}, {"name": "serve", "kind": ["bin"]}]},
            {"name": "twice", "targets": [{"name": "twice", "kind": ["lib"]}, {"name": "twice", "kind": ["bin"]}]},
            {"name": "other", "targets": [{"name": "call", "kind": ["example"]}]},
        ]});
        assert_eq!(find(&metadata, "serve"), Some(("hello".to_owned(), "bin".to_owned())));
        assert_eq!(find(&metadata, "twice"), Some(("twice".to_owned(), "bin".to_owned())));
        assert_eq!(find(&metadata, "call"), Some(("other".to_owned(), "example".to_owned())));
        assert_eq!(find(&metadata, "hello"), None);
    }
}
