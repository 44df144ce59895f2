use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use prost_reflect::DescriptorPool;
use protox::Compiler;
use protox::file::{ChainFileResolver, GoogleFileResolver, IncludeFileResolver};

use crate::builtin::Builtin;
use crate::error::Error;

/// What the `.proto` files say, imports included.
pub(crate) struct Loaded {
    /// All descriptors, options included.
    pub(crate) pool: DescriptorPool,
    /// All files in an order in which each comes after its imports, and where they were read.
    pub(crate) files: BTreeMap<String, Option<PathBuf>>,
}

impl Loaded {
    pub(crate) fn open(protos: &[impl AsRef<Path>], includes: &[impl AsRef<Path>]) -> Result<Self, Error> {
        let mut resolver = ChainFileResolver::new();
        // First, because a copy on the user's path may use syntax that protox does not read.
        resolver.add(GoogleFileResolver::new());
        for include in includes {
            resolver.add(IncludeFileResolver::new(include.as_ref().to_owned()));
        }
        resolver.add(Builtin);
        let mut compiler = Compiler::with_file_resolver(resolver);
        compiler.include_imports(true).include_source_info(true);
        for proto in protos {
            compiler.open_file(proto).map_err(|error| Error::protox(&error, || help(&error, includes)))?;
        }
        let files =
            compiler.files().map(|file| (file.name().to_owned(), file.path().map(Path::to_owned))).collect();
        Ok(Self { pool: compiler.descriptor_pool(), files })
    }

    /// The files on disk.
    pub(crate) fn files_read(&self) -> impl Iterator<Item = &Path> {
        self.files.values().filter_map(|path| path.as_deref())
    }
}

/// What to do about an error that protox has no help for.
fn help(error: &protox::Error, includes: &[impl AsRef<Path>]) -> Option<String> {
    if error.is_file_not_found() {
        let includes: Vec<_> = includes.iter().map(|path| path.as_ref().display().to_string()).collect();
        return Some(format!(
            "files are looked for below the include directories ({}); google/protobuf, google/api, google/rpc and \
             nats/rpc/v1 are built in",
            if includes.is_empty() { "there are none".to_owned() } else { includes.join(", ") }
        ));
    }
    let text = error.to_string();
    if text.contains("found 'edition'") {
        Some("editions are not supported yet: say `syntax = \"proto3\";` instead".to_owned())
    } else if text.ends_with("is not defined") {
        Some("check the spelling, or import the file that declares it".to_owned())
    } else if error.is_parse() {
        Some("look at the mark, and at what stands right before it".to_owned())
    } else {
        None
    }
}
