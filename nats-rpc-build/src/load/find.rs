use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use protox::file::{File, FileResolver, GoogleFileResolver};

use super::help;
use crate::builtin::Builtin;
use crate::error::Error;

/// A file, and where it was read.
pub(super) struct Found {
    pub(super) file: File,
    pub(super) path: Option<PathBuf>,
}

/// Finds a file by its name.
pub(super) fn find(name: &str, includes: &[&Path]) -> Result<Option<Found>, Error> {
    // First, because a copy on the user's path may use syntax that protox does not read.
    if let Some(file) = built_in(&GoogleFileResolver::new(), name)? {
        return Ok(Some(file));
    }
    for include in includes {
        if include.is_file() {
            let message = format!("the include directory `{}` is a file", include.display());
            return Err(Error::plain(message, "give the directory that it is in"));
        }
        if let Some(found) = on_disk(name, &include.join(name))? {
            return Ok(Some(found));
        }
    }
    built_in(&Builtin, name)
}

fn built_in(resolver: &impl FileResolver, name: &str) -> Result<Option<Found>, Error> {
    match resolver.open_file(name) {
        Ok(file) => Ok(Some(Found { file, path: None })),
        Err(error) if error.is_file_not_found() => Ok(None),
        Err(error) => Err(help::explained(&error)),
    }
}

fn on_disk(name: &str, path: &Path) -> Result<Option<Found>, Error> {
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => {
            let message = format!("can't read {}: {error}", path.display());
            return Err(Error::plain(message, "it has to be a file that this user may read"));
        }
    };
    // Comments may be in any encoding, and some editors begin files with a mark that is no part of the text.
    let text = String::from_utf8_lossy(&bytes);
    let file = File::from_source(name, text.trim_start_matches('\u{feff}'))
        .map_err(|error| help::explained(&error))?;
    Ok(Some(Found { file, path: Some(path.to_owned()) }))
}
