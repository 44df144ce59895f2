use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::Path;

use crate::error::Error;

/// What is to be written.
#[derive(Debug, Default)]
pub(crate) struct Output {
    /// Contents by file name.
    pub(crate) files: BTreeMap<String, Vec<u8>>,
    /// Packages that have a `.rs` file.
    pub(crate) modules: BTreeSet<String>,
}

impl Output {
    /// Adds code to the file of a package.
    pub(crate) fn add(&mut self, package: &str, code: &str) {
        let file = self.files.entry(code_file(package)).or_default();
        if !file.is_empty() {
            file.push(b'\n');
        }
        file.extend_from_slice(code.as_bytes());
        self.modules.insert(package.to_owned());
    }

    /// Writes the files that are not there as they should be.
    pub(crate) fn write(&self, directory: &Path) -> Result<(), Error> {
        for (name, contents) in &self.files {
            write(&directory.join(name), contents)?;
        }
        Ok(())
    }
}

/// Name of the file with the code of a package.
pub(crate) fn code_file(package: &str) -> String {
    format!("{}.rs", if package.is_empty() { "_" } else { package })
}

/// Writes a file if it is not there as it should be, and makes the directory for it.
pub(crate) fn write(path: &Path, contents: &[u8]) -> Result<(), Error> {
    write_if_changed(path, contents).map_err(|error| {
        Error::plain(
            format!("can't write {}: {error}", path.display()),
            "it has to be a place where this user may write files",
        )
    })
}

fn write_if_changed(path: &Path, contents: &[u8]) -> io::Result<()> {
    if fs::read(path).is_ok_and(|old| old == contents) {
        return Ok(());
    }
    if let Some(directory) = path.parent() {
        fs::create_dir_all(directory)?;
    }
    fs::write(path, contents)
}
