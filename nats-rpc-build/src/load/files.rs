use std::collections::{BTreeMap, HashSet};
use std::path::{Component, Path, PathBuf};
use std::rc::Rc;

use miette::NamedSource;
use prost_reflect::DescriptorPool;
use protox::file::{File, FileResolver, IncludeFileResolver};

use super::find::{Found, find};
use super::help;
use super::names::{Exports, Visible};
use crate::error::{Error, Report};
use crate::source::{self, Columns};

/// Reads files, and what they import, into one pool of descriptors.
pub(super) struct Files<'a> {
    includes: &'a [&'a Path],
    pub(super) pool: DescriptorPool,
    /// Those in the pool.
    read: BTreeMap<String, Read>,
}

/// A file in the pool.
struct Read {
    path: Option<PathBuf>,
    /// What a file that imports it sees: its own names, and those of its public imports.
    exports: Vec<Rc<Exports>>,
}

impl<'a> Files<'a> {
    pub(super) fn below(includes: &'a [&'a Path]) -> Self {
        Self { includes, pool: DescriptorPool::new(), read: BTreeMap::new() }
    }

    /// Reads a file by its path on disk, or by its name below an include directory.
    pub(super) fn open(&mut self, proto: &Path) -> Result<(), Error> {
        let below = |include: &&Path| IncludeFileResolver::new((*include).to_owned()).resolve_path(proto);
        let on_disk = self.includes.iter().find_map(below);
        let name = on_disk.clone().or_else(|| relative(proto)).ok_or_else(|| self.not_included(proto))?;
        if !self.read.contains_key(&name) {
            let found = find(&name, self.includes)?.ok_or_else(|| self.not_included(proto))?;
            self.add(&found, &mut vec![name.clone()])?;
        }
        match self.read.get(&name).and_then(|read| read.path.as_deref()) {
            Some(other) if on_disk.is_some() && !same(other, proto) => Err(shadowed(proto, other)),
            _ => Ok(()),
        }
    }

    /// Names of all files, and where they were read.
    pub(super) fn into_paths(self) -> BTreeMap<String, Option<PathBuf>> {
        self.read.into_iter().map(|(name, read)| (name, read.path)).collect()
    }

    /// Adds a file behind its imports; `stack` has those that import it, and itself.
    fn add(&mut self, Found { file, path }: &Found, stack: &mut Vec<String>) -> Result<(), Error> {
        let mut descriptor = file.file_descriptor_proto().clone();
        let mut seen = HashSet::new();
        for (number, import) in descriptor.dependency.iter().enumerate() {
            if !seen.insert(import) {
                let message = format!("import '{import}' was listed twice");
                return Err(at_import(file, number, message, "leave one of them out".to_owned()));
            }
            if stack.contains(import) {
                let message = format!("import cycle detected: {} -> {import}", stack.join(" -> "));
                return Err(at_import(file, number, message, help::CYCLE.to_owned()));
            }
            if self.read.contains_key(import) {
                continue;
            }
            let imported = find(import, self.includes)?.ok_or_else(|| {
                let message = format!("import '{import}' not found");
                at_import(file, number, message, help::not_found(self.includes))
            })?;
            stack.push(import.clone());
            self.add(&imported, stack)?;
            stack.pop();
        }

        let own = Rc::new(Exports::of(&descriptor));
        let imports = descriptor.dependency.iter().filter_map(|import| self.read.get(import));
        let visible = imports.flat_map(|import| import.exports.iter().cloned()).chain([Rc::clone(&own)]);
        Visible::new(visible).qualify(&mut descriptor);

        let public = descriptor
            .public_dependency
            .iter()
            .filter_map(|number| self.read.get(descriptor.dependency.get(usize::try_from(*number).ok()?)?));
        let exports = public.flat_map(|import| import.exports.iter().cloned()).chain([own]).collect();
        self.pool.add_file_descriptor_proto(descriptor).map_err(|error| {
            help::explained(&error.with_source_code(file.source().unwrap_or_default()).into())
        })?;
        self.read.insert(file.name().to_owned(), Read { path: path.clone(), exports });
        Ok(())
    }

    fn not_included(&self, proto: &Path) -> Error {
        if let Some(missing) = self.includes.iter().find(|include| !include.exists()) {
            return no_such("include directory", missing);
        }
        if !proto.exists() {
            return no_such("file", proto);
        }
        let message = format!("file '{}' is not in any include path", proto.display());
        Error::plain(message, help::not_found(self.includes))
    }
}

fn no_such(kind: &str, path: &Path) -> Error {
    let help = "paths are relative to the directory of the package, where its Cargo.toml is";
    Error::plain(format!("there is no {kind} `{}`", path.display()), help)
}

fn shadowed(path: &Path, by: &Path) -> Error {
    let (path, by) = (path.display(), by.display());
    Error::plain(
        format!("path '{path}' is shadowed by '{by}' in the include paths"),
        format!(
            "either name '{by}' as the file, or change the order of the include paths so that '{path}' comes first"
        ),
    )
}

/// A path as the name of a file below an include directory.
pub(super) fn relative(path: &Path) -> Option<String> {
    let words = path.components().map(|component| match component {
        Component::Normal(word) => word.to_str(),
        _ => None,
    });
    words.collect::<Option<Vec<_>>>().map(|words| words.join("/"))
}

fn same(a: &Path, b: &Path) -> bool {
    let bare = |path: &Path| -> PathBuf {
        path.components().filter(|component| *component != Component::CurDir).collect()
    };
    bare(a) == bare(b)
}

/// A problem with the import of this number.
fn at_import(file: &File, number: usize, message: String, help: String) -> Error {
    let text = NamedSource::new(file.name(), file.source().unwrap_or_default().to_owned());
    let path = [3, i32::try_from(number).unwrap_or(i32::MAX)];
    let span = source::span(file.file_descriptor_proto(), &path);
    let labels =
        span.map(|(span, _)| span.label(text.inner(), Columns::Bytes, "imported here")).into_iter().collect();
    Error::of(&[Report { message, help: Some(help), source: Some(text), labels }])
}
