use std::fs;

use miette::{LabeledSpan, NamedSource};
use prost_reflect::FileDescriptor;
use prost_types::FileDescriptorProto;

use crate::builtin;
use crate::load::Loaded;

/// Where something is declared: a file, and a path in its descriptor as `SourceCodeInfo` has it.
#[derive(Debug, Clone)]
pub(crate) struct Declared {
    pub(crate) file: FileDescriptor,
    pub(crate) path: Vec<i32>,
}

impl Declared {
    pub(crate) fn new(file: &FileDescriptor, path: &[i32]) -> Self {
        Self { file: file.clone(), path: path.to_vec() }
    }

    /// File and path, to tell places apart.
    pub(crate) fn place(&self) -> (String, Vec<i32>) {
        (self.file.name().to_owned(), self.path.clone())
    }

    fn span(&self) -> Option<Span> {
        span(self.file.file_descriptor_proto(), &self.path)
    }

    /// `greeter.proto:12`, for a warning.
    pub(crate) fn line(&self) -> String {
        let line = self.span().map_or(1, |span| span.line + 1);
        format!("{}:{line}", self.file.name())
    }

    /// The text of the file, to show a part of it.
    pub(crate) fn text(&self, loaded: &Loaded) -> Option<NamedSource<String>> {
        let name = self.file.name();
        let text = match loaded.files.get(name)? {
            Some(path) => String::from_utf8_lossy(&fs::read(path).ok()?).into_owned(),
            None => builtin::text(name)?.to_owned(),
        };
        Some(NamedSource::new(name, text.trim_start_matches('\u{feff}').to_owned()))
    }

    /// The place in the text.
    pub(crate) fn label(&self, text: &NamedSource<String>, label: &str) -> Option<LabeledSpan> {
        Some(self.span()?.label(text.inner(), label))
    }
}

/// Where something is in the text of its file.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Span {
    /// From 0.
    line: usize,
    /// In bytes, from 0.
    column: usize,
    /// In bytes.
    length: usize,
}

impl Span {
    pub(crate) fn label(self, text: &str, label: &str) -> LabeledSpan {
        let line = text.split_inclusive('\n').take(self.line).map(str::len).sum::<usize>();
        LabeledSpan::new(Some(label.to_owned()), line + self.column, self.length)
    }
}

/// Where `path` is declared, or what it is in if it has no place itself. What takes several lines is marked by its
/// first character.
pub(crate) fn span(file: &FileDescriptorProto, mut path: &[i32]) -> Option<Span> {
    let info = file.source_code_info.as_ref()?;
    loop {
        if let Some(location) = info.location.iter().find(|location| location.path == path) {
            let numbers = location.span.iter().map(|number| usize::try_from(*number).unwrap_or(0));
            return match numbers.collect::<Vec<_>>()[..] {
                [line, column, end] => Some(Span { line, column, length: end.saturating_sub(column) }),
                [line, column, ..] => Some(Span { line, column, length: 1 }),
                _ => None,
            };
        }
        path = path.split_last()?.1;
    }
}
