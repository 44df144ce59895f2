use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use miette::{LabeledSpan, NamedSource};
use prost_reflect::FileDescriptor;
use prost_types::FileDescriptorProto;

use crate::builtin;
use crate::error::Report;

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

    pub(crate) fn spot(&self) -> Spot<'_> {
        Spot { file: self.file.file_descriptor_proto(), path: &self.path }
    }
}

/// Where the files were found, by their names.
pub(crate) type Paths = BTreeMap<String, Option<PathBuf>>;

/// A place in a file, by its path in the descriptor.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Spot<'a> {
    pub(crate) file: &'a FileDescriptorProto,
    pub(crate) path: &'a [i32],
}

impl Spot<'_> {
    fn span(&self) -> Option<Span> {
        span(self.file, self.path)
    }

    /// `greeter.proto:12:5`, as far as it is known.
    fn place(&self) -> String {
        match self.span() {
            Some(span) => format!("{}:{}:{}", self.file.name(), span.line + 1, span.column + 1),
            None => self.file.name().to_owned(),
        }
    }

    /// The text of the file, to show a part of it.
    fn text(&self, paths: &Paths) -> Option<NamedSource<String>> {
        let name = self.file.name();
        let text = match paths.get(name)? {
            Some(path) => fs::read_to_string(path).ok()?,
            None => builtin::text(name)?.to_owned(),
        };
        Some(NamedSource::new(name, text))
    }

    /// The place in the text, which a descriptor set may not be made from.
    fn label(&self, text: &str, label: &str) -> Option<LabeledSpan> {
        let label = self.span()?.label(text, label);
        text.get(label.offset()..label.offset() + label.len()).map(|_| label)
    }
}

/// A problem, and where it is. Without the text of the file the place is in the message.
pub(crate) fn report(
    message: String,
    help: &str,
    here: Spot<'_>,
    first: Option<Spot<'_>>,
    paths: &Paths,
) -> Report {
    let mut help = help.to_owned();
    let source = here.text(paths);
    let text = source.as_ref().map_or("", |source| source.inner());
    let mut labels: Vec<_> =
        here.label(text, if first.is_some() { "this one" } else { "here" }).into_iter().collect();
    let in_text = source.is_some() && !labels.is_empty();
    match first {
        Some(first) if in_text && first.file.name() == here.file.name() => {
            labels.extend(first.label(text, "the first one"));
        }
        Some(first) => help = format!("the first one is at {}; {help}", first.place()),
        None => {}
    }
    let message = if in_text { message } else { format!("{}: {message}", here.place()) };
    Report { message, help: Some(help), source: source.filter(|_| in_text), labels }
}

/// Where something is in the text of its file.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Span {
    /// From 0.
    pub(crate) line: usize,
    /// In bytes, from 0.
    pub(crate) column: usize,
    /// In bytes.
    pub(crate) length: usize,
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
