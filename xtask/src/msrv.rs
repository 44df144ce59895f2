//! No dependency may ask for a newer Rust than we promise.

use crate::{
    cargo::{self, items},
    error::Error,
};
use serde_json::Value;

pub(crate) fn run() -> Result<(), Error> {
    let (promise, count, offenders) = check(&cargo::metadata(&[])?)?;
    if offenders.is_empty() {
        println!("{count} dependencies do with Rust {promise} or older");
        return Ok(());
    }
    Err(Error::Failed(format!("newer than the promised Rust {promise}: {}", offenders.join(", "))))
}

/// The promised version, the number of dependencies, and those that need more.
fn check(metadata: &Value) -> Result<(String, usize, Vec<String>), Error> {
    let (members, others): (Vec<_>, Vec<_>) = items(&metadata["packages"])
        .partition(|package| items(&metadata["workspace_members"]).any(|member| *member == package["id"]));
    let promise = members
        .iter()
        .filter_map(|package| package["rust_version"].as_str())
        .min_by_key(|version| parts(version))
        .ok_or("no crate of the workspace has a rust-version")?;
    let offenders = others
        .iter()
        .filter_map(|package| {
            let needs = package["rust_version"].as_str()?;
            let (name, version) = (package["name"].as_str()?, package["version"].as_str()?);
            (parts(needs) > parts(promise)).then(|| format!("{name} {version} needs Rust {needs}"))
        })
        .collect();
    Ok((promise.to_owned(), others.len(), offenders))
}

fn parts(version: &str) -> [u32; 3] {
    let mut parts = version.split('.').map(|part| part.parse().unwrap_or(0));
    std::array::from_fn(|_| parts.next().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::{check, parts};
    use serde_json::json;

    #[test]
    fn names_what_needs_more() {
        let metadata = json!({"workspace_members": ["m"], "packages": [
            {"id": "m", "name": "m", "version": "0.1.0", "rust_version": "1.89"},
            {"id": "a", "name": "a", "version": "1.0.0", "rust_version": "1.89.0"},
            {"id": "b", "name": "b", "version": "1.2.3", "rust_version": "1.100"},
            {"id": "c", "name": "c", "version": "1.0.0", "rust_version": null},
        ]});
        let (promise, count, offenders) = check(&metadata).unwrap();
        assert_eq!((promise.as_str(), count), ("1.89", 3));
        assert_eq!(offenders, ["b 1.2.3 needs Rust 1.100"]);
    }

    #[test]
    fn a_workspace_without_a_promise_is_an_error() {
        assert!(check(&json!({"workspace_members": [], "packages": []})).is_err());
    }

    #[test]
    fn compares_numbers() {
        assert!(parts("1.100") > parts("1.89.1"));
        assert_eq!(parts("1.89"), parts("1.89.0"));
    }
}
