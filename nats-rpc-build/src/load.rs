mod files;
mod find;
mod help;
mod messages;
mod names;
mod protoc;
mod set;

use std::path::Path;

use prost_reflect::DescriptorPool;

use crate::error::Error;
use crate::source::{Columns, Sources};
use files::Files;

pub(crate) use protoc::VARIABLE as PROTOC;
pub(crate) use set::nearby;

/// What the `.proto` files say, imports included.
pub(crate) struct Loaded {
    /// All descriptors, options included.
    pub(crate) pool: DescriptorPool,
    /// The texts of all files.
    pub(crate) sources: Sources,
}

impl Loaded {
    pub(crate) fn open(protos: &[impl AsRef<Path>], includes: &[impl AsRef<Path>]) -> Result<Self, Error> {
        let includes: Vec<_> = includes.iter().map(AsRef::as_ref).collect();
        let mut files = Files::below(&includes);
        for proto in protos {
            files.open(proto.as_ref())?;
        }
        let pool = files.pool.clone();
        Ok(Self { pool, sources: Sources { paths: files.into_paths(), columns: Columns::Bytes } })
    }

    /// The files on disk.
    pub(crate) fn files_read(&self) -> impl Iterator<Item = &Path> {
        self.sources.paths.values().filter_map(|path| path.as_deref())
    }
}

#[cfg(test)]
mod tests {
    use super::Loaded;

    #[track_caller]
    fn check(proto: &str, include: &str, start: &str) {
        let error = Loaded::open(&[proto], &[include]).err().expect("an error").to_string();
        assert!(error.trim_start().starts_with(&format!("× {start}")), "{error}");
    }

    #[test]
    fn paths_that_lead_nowhere_are_named() {
        check("../tests/golden/cases/unary/in.proto", "protos", "there is no include directory `protos`");
        let unary = "../tests/golden/cases/unary";
        check(&format!("{unary}/out.proto"), unary, &format!("there is no file `{unary}/out.proto`"));
        let file = format!("{unary}/in.proto");
        check("in.proto", &file, &format!("the include directory `{file}` is a file"));
        let elsewhere = "../tests/golden/cases/fields/in.proto";
        check(elsewhere, unary, &format!("file '{elsewhere}' is not in any include path"));
    }
}
