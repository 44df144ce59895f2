//! Which files of a package are read, and how many at a time.

use super::sets::Set;
use crate::error::Error;
use std::{
    fs,
    path::{Path, PathBuf},
};

/// A part has at most this many bytes of `.proto` files, unless one directory has more: what comes of them takes rustc
/// about 4 GB.
const PART: u64 = 5_000_000;

/// The well-known files among those of `google/protobuf`.
const WELL_KNOWN: [&str; 11] = [
    "any",
    "api",
    "descriptor",
    "duration",
    "empty",
    "field_mask",
    "source_context",
    "struct",
    "timestamp",
    "type",
    "wrappers",
];

/// The `.proto` files of a package, in order.
pub(super) fn protos(set: &Set, root: &Path, includes: &[PathBuf]) -> Result<Vec<PathBuf>, Error> {
    let mut all = Vec::new();
    let roots = match set.only {
        [] => includes.to_vec(),
        only => only.iter().map(|dir| fs::canonicalize(root.join(dir))).collect::<Result<_, _>>()?,
    };
    for dir in roots {
        below(&dir, &mut all)?;
    }
    let left_out: Vec<_> = set.but.iter().map(|dir| root.join(dir)).collect();
    all.retain(|path| !left_out.iter().any(|dir| path.starts_with(dir)) || is_well_known(path));
    if all.is_empty() {
        return Err(Error::Failed(format!("no .proto files in {}", root.display())));
    }
    Ok(all)
}

fn is_well_known(path: &Path) -> bool {
    let stem = path.file_stem().and_then(|stem| stem.to_str());
    path.parent().is_some_and(|dir| dir.ends_with("google/protobuf"))
        && stem.is_some_and(|stem| WELL_KNOWN.contains(&stem))
}

fn below(dir: &Path, all: &mut Vec<PathBuf>) -> Result<(), Error> {
    let mut paths = fs::read_dir(dir)?.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>, Error>>()?;
    paths.sort();
    for path in paths {
        if path.is_dir() {
            below(&path, all)?;
        } else if path.extension().is_some_and(|extension| extension == "proto") {
            all.push(path);
        }
    }
    Ok(())
}

/// Parts that rustc can take. The files of a directory stay together. What they import is generated with each part.
pub(super) fn parts(protos: Vec<PathBuf>) -> Result<Vec<Vec<PathBuf>>, Error> {
    let mut parts: Vec<Vec<PathBuf>> = Vec::new();
    let mut bytes = 0;
    for path in protos {
        let size = fs::metadata(&path)?.len();
        let same_dir =
            parts.last().and_then(|part| part.last()).is_some_and(|last| last.parent() == path.parent());
        match parts.last_mut() {
            Some(part) if same_dir || bytes + size <= PART => part.push(path),
            _ => {
                bytes = 0;
                parts.push(vec![path]);
            }
        }
        bytes += size;
    }
    Ok(parts)
}
