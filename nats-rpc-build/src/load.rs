use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use miette::Diagnostic as _;
use prost_reflect::DescriptorPool;
use protox::Compiler;
use protox::file::{ChainFileResolver, GoogleFileResolver, IncludeFileResolver};

use crate::builtin::Builtin;
use crate::cause::Cause;
use crate::error::Error;
use crate::options;

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
            compiler.open_file(proto).map_err(|error| not_opened(proto.as_ref(), &error, includes))?;
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

fn not_opened(proto: &Path, error: &protox::Error, includes: &[impl AsRef<Path>]) -> Error {
    if let Some(missing) = includes.iter().map(AsRef::as_ref).find(|include| !include.exists()) {
        return no_such("include directory", missing);
    }
    // What is in no include directory is `not found` as well, but is there.
    if error.to_string().ends_with("is not in any include path") && !proto.exists() {
        return no_such("file", proto);
    }
    let help = missing_import(&error.to_string())
        .or_else(|| error.help().map(|help| help.to_string()))
        .or_else(|| help(error, includes));
    Error::protox(error, help)
}

fn no_such(kind: &str, path: &Path) -> Error {
    let help = "paths are relative to the directory of the package, where its Cargo.toml is";
    Error::plain(format!("there is no {kind} `{}`", path.display()), help)
}

/// What to do about a type whose file is not imported; protox's advice about scopes leads astray when the name was
/// found to be what it says.
fn missing_import(error: &str) -> Option<String> {
    let name = error.strip_prefix("name '").unwrap_or(error.strip_prefix('\'').unwrap_or_default());
    let (name, rest) = name.split_once('\'')?;
    if let Some(message) = DescriptorPool::global().get_message_by_name(name.trim_start_matches('.')) {
        return Some(format!("say `import \"{}\";`", message.parent_file().name()));
    }
    let itself =
        rest.strip_prefix(" resolves to '").is_some_and(|found| found.starts_with(&format!("{name}',")));
    itself.then(|| "import the file that declares it".to_owned())
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
    let mut text = error.to_string();
    if let Some(cause) = Cause::of(error) {
        text = format!("{text}: {}", cause.text);
    }
    if let Some(help) = options::help(&text) {
        return Some(help);
    }
    if text.contains("found 'edition'") {
        Some("editions are not supported yet: say `syntax = \"proto3\";` instead".to_owned())
    } else if text.starts_with("name 'nats.rpc.v1.") && text.ends_with("is not defined") {
        Some("say `import \"nats/rpc/v1/options.proto\";`, which needs no include directory".to_owned())
    } else if text.ends_with("is not defined") {
        Some("check the spelling, or import the file that declares it".to_owned())
    } else if error.is_parse() {
        Some("look at the mark, and at what stands right before it".to_owned())
    } else {
        None
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
        let elsewhere = "../tests/golden/cases/fields/in.proto";
        check(elsewhere, unary, &format!("file '{elsewhere}' is not in any include path"));
    }
}
