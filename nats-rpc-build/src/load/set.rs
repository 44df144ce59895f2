use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use ::prost::encoding::{self, DecodeContext, WireType};
use ::prost::{DecodeError, Message as _};
use prost_reflect::DescriptorPool;
use prost_types::FileDescriptorProto;

use super::Loaded;
use super::files::relative;
use crate::editions;
use crate::error::{Error, Report};
use crate::prost::without_panic;
use crate::source::{self, Columns, Sources, Spot};

/// Number of `FileDescriptorSet.file`.
const FILE: u32 = 1;

impl Loaded {
    /// What a serialized `FileDescriptorSet` says. `locate` finds the text of a file by its name, for messages.
    pub(crate) fn of_set(set: &[u8], locate: impl Fn(&str) -> Option<PathBuf>) -> Result<Self, Error> {
        let files = files(set).map_err(|error| no_set(&error.to_string()))?;
        if files.is_empty() {
            return Err(no_set("there are no files in it"));
        }
        let paths = files.iter().map(|file| (file.name().to_owned(), locate(file.name()))).collect();
        // It is protoc that writes such sets.
        let sources = Sources { paths, columns: Columns::Tabs };
        let names: HashSet<_> = files.iter().map(File::name).collect();
        let mut reports: Vec<_> = files.iter().flat_map(|file| file.missing(&names, &sources)).collect();
        let mut known = Vec::with_capacity(set.len());
        for file in &files {
            match file.known(&sources) {
                Ok(bytes) => encoding::bytes::encode(FILE, &bytes, &mut known),
                Err(report) => reports.push(*report),
            }
        }
        Error::of_any(&reports)?;
        let pool = without_panic(|| DescriptorPool::decode(known.as_slice()))
            .and_then(|pool| pool.map_err(|error| error.to_string()))
            .map_err(|error| no_set(&error))?;
        Ok(Self { pool, sources })
    }
}

/// Finds files that lie below the directory of the package, or below a directory in it such as `proto`.
pub(crate) fn nearby() -> impl Fn(&str) -> Option<PathBuf> {
    let entries = fs::read_dir(".").into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path()));
    let mut roots: Vec<_> = entries.filter(|path| path.is_dir()).collect();
    roots.sort();
    roots.insert(0, PathBuf::new());
    move |name| {
        // A set may come from anywhere: its names are not to lead out of here.
        let name = relative(Path::new(name))?;
        roots.iter().map(|root| root.join(&name)).find(|path| path.is_file())
    }
}

fn no_set(error: &str) -> Error {
    Error::plain(
        format!("the descriptor set can't be used: {error}"),
        "give the bytes that `protoc --include_imports --include_source_info --descriptor_set_out=FILE` writes",
    )
}

/// A file of a set.
struct File {
    serialized: Vec<u8>,
    /// Without custom options and features, which the type does not have.
    descriptor: FileDescriptorProto,
}

fn files(mut set: &[u8]) -> Result<Vec<File>, DecodeError> {
    let mut files = Vec::new();
    while !set.is_empty() {
        let (number, wire_type) = encoding::decode_key(&mut set)?;
        if (number, wire_type) != (FILE, WireType::LengthDelimited) {
            encoding::skip_field(wire_type, number, &mut set, DecodeContext::default())?;
            continue;
        }
        let mut serialized = Vec::new();
        encoding::bytes::merge(wire_type, &mut serialized, &mut set, DecodeContext::default())?;
        let descriptor = FileDescriptorProto::decode(serialized.as_slice())?;
        files.push(File { serialized, descriptor });
    }
    Ok(files)
}

impl File {
    fn name(&self) -> &str {
        self.descriptor.name()
    }

    /// In a syntax that all that follows knows.
    fn known(&self, sources: &Sources) -> Result<Vec<u8>, Box<Report>> {
        match self.descriptor.syntax() {
            "" | "proto2" | "proto3" => Ok(self.serialized.clone()),
            "editions" => editions::lower(&self.serialized).map_err(|problem| {
                let first = problem.other.as_deref().map(|path| self.spot(path));
                let here = self.spot(&problem.path);
                Box::new(source::report(problem.message, &problem.help, here, first, sources))
            }),
            other => {
                let message = format!("the syntax `{other}` is not known");
                let help = "`proto2`, `proto3` and editions are supported";
                Err(Box::new(source::report(message, help, self.spot(&[SYNTAX]), None, sources)))
            }
        }
    }

    /// Imports that are not in the set.
    fn missing(&self, names: &HashSet<&str>, sources: &Sources) -> Vec<Report> {
        let imports = (0..).zip(&self.descriptor.dependency);
        let missing = imports.filter(|(_, import)| !names.contains(import.as_str()));
        let report = |(number, import): (i32, &String)| {
            let message = format!("import '{import}' is not in the descriptor set");
            let help = "have it written with `--include_imports`";
            source::report(message, help, self.spot(&[IMPORT, number]), None, sources)
        };
        missing.map(report).collect()
    }

    fn spot<'a>(&'a self, path: &'a [i32]) -> Spot<'a> {
        Spot::new(&self.descriptor, path)
    }
}

/// Number of `FileDescriptorProto.dependency`.
const IMPORT: i32 = 3;

/// Number of `FileDescriptorProto.syntax`.
const SYNTAX: i32 = 12;

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::{Path, PathBuf};

    use super::{Loaded, nearby};

    const CASE: &str = "../tests/golden/errors/editions_mixed";

    fn error(locate: impl Fn(&str) -> Option<PathBuf>) -> String {
        let set = fs::read(Path::new(CASE).join("in.binpb")).expect("a set");
        Loaded::of_set(&set, locate).err().expect("an error").to_string()
    }

    #[test]
    fn lines_are_shown_if_the_text_is_found() {
        let text = error(|name| Some(Path::new(CASE).join(name)));
        for line in ["[in.proto:6:10]", "this one", "the first one"] {
            assert!(text.contains(line), "{text}");
        }
        assert!(!text.contains("in.proto:7:10"), "{text}");
    }

    #[test]
    fn places_in_another_text_are_not_shown() {
        let text = error(|_| Some(Path::new(CASE).join("../unknown_import/in.proto")));
        assert!(text.contains("× in.proto:6:10: `name` is required"), "{text}");
    }

    #[test]
    fn files_are_found_by_their_names_in_directories_here() {
        let locate = nearby();
        assert_eq!(locate("nats/rpc/v1/options.proto"), Some("./proto/nats/rpc/v1/options.proto".into()));
        assert_eq!((locate("../Cargo.toml"), locate("/etc/hostname")), (None, None));
    }
}
