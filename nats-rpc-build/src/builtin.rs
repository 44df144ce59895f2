use std::collections::HashSet;

use prost_reflect::{DescriptorPool, FileDescriptor};
use protox::file::{ChainFileResolver, File, FileResolver, GoogleFileResolver};
use protox::{Compiler, Error};

/// Files that resolve without an include directory, besides `google/protobuf/*`.
const FILES: [(&str, &str); 14] = [
    ("google/api/annotations.proto", include_str!("../proto/google/api/annotations.proto")),
    ("google/api/client.proto", include_str!("../proto/google/api/client.proto")),
    ("google/api/field_behavior.proto", include_str!("../proto/google/api/field_behavior.proto")),
    ("google/api/field_info.proto", include_str!("../proto/google/api/field_info.proto")),
    ("google/api/http.proto", include_str!("../proto/google/api/http.proto")),
    ("google/api/httpbody.proto", include_str!("../proto/google/api/httpbody.proto")),
    ("google/api/launch_stage.proto", include_str!("../proto/google/api/launch_stage.proto")),
    ("google/api/resource.proto", include_str!("../proto/google/api/resource.proto")),
    ("google/api/routing.proto", include_str!("../proto/google/api/routing.proto")),
    ("google/api/visibility.proto", include_str!("../proto/google/api/visibility.proto")),
    ("google/rpc/code.proto", include_str!("../proto/google/rpc/code.proto")),
    ("google/rpc/error_details.proto", include_str!("../proto/google/rpc/error_details.proto")),
    ("google/rpc/status.proto", include_str!("../proto/google/rpc/status.proto")),
    (OPTIONS, include_str!("../proto/nats/rpc/v1/options.proto")),
];

/// The file with the options of nats-rpc itself.
pub(crate) const OPTIONS: &str = "nats/rpc/v1/options.proto";

/// Whether a file says what options there are, of nats-rpc or of protobuf's own generators.
fn is_for_options(file: &FileDescriptor) -> bool {
    let name = file.name();
    name == OPTIONS || (name.starts_with("google/protobuf/") && file.package_name().starts_with("pb"))
}

/// The text of a built-in file.
pub(crate) fn text(name: &str) -> Option<&'static str> {
    FILES.iter().find(|(file, _)| *file == name).map(|(_, text)| *text)
}

/// The names of files that no code is generated from: those with options, and what only that of nats-rpc imports.
pub(crate) fn for_reading(pool: &DescriptorPool) -> HashSet<String> {
    let (options, others): (Vec<_>, Vec<_>) = pool.files().partition(|file| file.name() == OPTIONS);
    let imports =
        |file: &FileDescriptor| file.dependencies().map(|file| file.name().to_owned()).collect::<Vec<_>>();
    let mut names: HashSet<_> = options.iter().flat_map(imports).collect();
    for import in others.iter().flat_map(FileDescriptor::dependencies) {
        names.remove(import.name());
    }
    names.extend(pool.files().filter(is_for_options).map(|file| file.name().to_owned()));
    names
}

/// The serialized descriptors of all of them, those in `google/protobuf` included, for protoc.
pub(crate) fn descriptor_set() -> Result<Vec<u8>, crate::error::Error> {
    let mut resolver = ChainFileResolver::new();
    resolver.add(GoogleFileResolver::new());
    resolver.add(Builtin);
    let mut compiler = Compiler::with_file_resolver(resolver);
    compiler.include_imports(true).include_source_info(true);
    let google = DescriptorPool::global();
    let google: Vec<_> = google.files().map(|file| file.name().to_owned()).collect();
    let ours = FILES.iter().map(|(name, _)| (*name).to_owned());
    for name in google.into_iter().chain(ours) {
        compiler
            .open_file(name)
            .map_err(|error| crate::error::Error::protox(&error, error.to_string(), None, None))?;
    }
    Ok(compiler.encode_file_descriptor_set())
}

/// Finds the built-in files.
pub(crate) struct Builtin;

impl FileResolver for Builtin {
    fn open_file(&self, name: &str) -> Result<File, Error> {
        text(name).map_or_else(|| Err(Error::file_not_found(name)), |text| File::from_source(name, text))
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::{env, fs};

    use super::{FILES, OPTIONS, for_reading};
    use crate::config::Config;
    use crate::generate::generate;
    use crate::load::Loaded;

    /// The repository has these files in `proto/`, for people; the crate has copies, to be published with them.
    #[test]
    fn copies_are_equal() {
        let proto = Path::new(env!("CARGO_MANIFEST_DIR")).join("../proto");
        for (name, text) in FILES {
            assert_eq!(fs::read_to_string(proto.join(name)).expect(name), text, "{name}");
        }
    }

    #[test]
    fn they_resolve_without_an_include_directory_of_theirs() {
        let directory = env::temp_dir().join(format!("nats-rpc-build-builtin-{}", std::process::id()));
        let imports: String = FILES.iter().map(|(name, _)| format!("import \"{name}\";\n")).collect();
        fs::create_dir_all(&directory).expect("a directory");
        fs::write(directory.join("in.proto"), format!("syntax = \"proto3\";\n{imports}")).expect("a file");
        let loaded = Loaded::open(&[directory.join("in.proto")], &[&directory]);
        fs::remove_dir_all(&directory).expect("to remove it");
        let loaded = loaded.expect("all resolve");
        assert_eq!(loaded.files_read().count(), 1, "cargo need not look at what is built in");
        assert_eq!(for_reading(&loaded.pool), [OPTIONS.to_owned()].into(), "all others are asked for");
        let output = generate(Config::new(), &loaded).expect("all generate");
        assert_eq!(output.files.keys().collect::<Vec<_>>(), ["google.api.rs", "google.rpc.rs"]);
    }
}
