//! Brings packages by the ordinary clients of their registries.

use super::sets::{Set, Source};
use crate::{
    cargo::{self, items},
    error::Error,
};
use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// The directory of the package; it is brought once.
pub(super) fn fetch(set: &Set, cache: &Path) -> Result<PathBuf, Error> {
    let dir = cache.join(format!("{}-{}", set.name, set.version));
    match set.source {
        Source::Crate => of_cargo(set, &dir),
        Source::Pip => once(&dir, |dir| of_pip(set, dir)),
        Source::Npm => once(&dir, |dir| of_npm(set, dir)).map(|dir| dir.join("package")),
        Source::Dir => Ok(dir),
    }
}

/// Runs `bring` unless its directory is there; what it leaves half done does not count.
fn once(dir: &Path, bring: impl FnOnce(&Path) -> Result<(), Error>) -> Result<PathBuf, Error> {
    if !dir.exists() {
        let part = dir.with_extension("part");
        if part.exists() {
            fs::remove_dir_all(&part)?;
        }
        fs::create_dir_all(&part)?;
        bring(&part)?;
        fs::rename(&part, dir)?;
    }
    Ok(dir.to_owned())
}

/// Cargo keeps sources in a cache of its own. It brings what a package depends on: one that depends on the crate.
fn of_cargo(set: &Set, dir: &Path) -> Result<PathBuf, Error> {
    fs::create_dir_all(dir.join("src"))?;
    fs::write(dir.join("src/lib.rs"), "")?;
    let manifest = dir.join("Cargo.toml");
    let Set { name, version, .. } = set;
    fs::write(
        &manifest,
        format!(
            "[package]\nname = \"fetch\"\nedition = \"2024\"\n\n[workspace]\n\n[dependencies]\n{name} = {{ version = \
             \"={version}\", default-features = false }}\n"
        ),
    )?;
    let metadata = cargo::metadata(&["--manifest-path", &manifest.to_string_lossy()])?;
    items(&metadata["packages"])
        .find(|package| package["name"] == *name)
        .and_then(|package| Path::new(package["manifest_path"].as_str()?).parent().map(Path::to_owned))
        .ok_or_else(|| Error::Failed(format!("cargo did not tell where {name} is")))
}

fn of_pip(set: &Set, dir: &Path) -> Result<(), Error> {
    let options =
        ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input", "--no-deps"];
    let package = format!("{}=={}", set.name, set.version);
    let mut command = Command::new("python3");
    cargo::status(command.args(options).arg("--target").arg(dir).arg(package).stdin(Stdio::null()))
}

fn of_npm(set: &Set, dir: &Path) -> Result<(), Error> {
    let package = format!("{}@{}", set.name, set.version);
    let mut command = Command::new("npm");
    cargo::status(command.args(["pack", "--silent", &package]).current_dir(dir).stdin(Stdio::null()))?;
    let packed = fs::read_dir(dir)?.next().ok_or("npm packed nothing")??.path();
    cargo::status(Command::new("tar").arg("xzf").arg(packed).current_dir(dir))
}
