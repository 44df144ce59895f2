mod aggregate;
mod span;

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use miette::{LabeledSpan, NamedSource};
use prost_reflect::FileDescriptor;
use prost_types::FileDescriptorProto;
use prost_types::source_code_info::Location;

pub(crate) use self::aggregate::word_again;
pub(crate) use self::span::{Columns, Span, span};
use crate::builtin;
use crate::error::Report;

/// Where something is declared: a file, and a path in its descriptor as `SourceCodeInfo` has it.
#[derive(Debug, Clone)]
pub(crate) struct Declared {
    file: FileDescriptor,
    path: Vec<i32>,
    /// The names of the last numbers of the path, if these are fields within an option.
    fields: Vec<String>,
}

impl Declared {
    pub(crate) fn new(file: &FileDescriptor, path: &[i32]) -> Self {
        Self { file: file.clone(), path: path.to_vec(), fields: Vec::new() }
    }

    /// A field of an option, by its number in the options and the numbers and names of the fields within it.
    pub(crate) fn option(file: &FileDescriptor, option: &[i32], fields: Vec<(i32, String)>) -> Self {
        let (numbers, fields): (Vec<_>, _) = fields.into_iter().unzip();
        Self { file: file.clone(), path: [option, &numbers].concat(), fields }
    }

    pub(crate) fn spot(&self) -> Spot<'_> {
        Spot { file: self.file.file_descriptor_proto(), path: &self.path, fields: &self.fields }
    }
}

/// The texts of all files, to show parts of them.
pub(crate) struct Sources {
    /// Where the files were found, by their names.
    pub(crate) paths: BTreeMap<String, Option<PathBuf>>,
    pub(crate) columns: Columns,
}

impl Sources {
    /// What the file of a name says.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        let text = match self.paths.get(name)? {
            Some(path) => String::from_utf8_lossy(&fs::read(path).ok()?).into_owned(),
            None => builtin::text(name)?.to_owned(),
        };
        Some(text.trim_start_matches('\u{feff}').to_owned())
    }
}

/// A place in a file, by its path in the descriptor.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Spot<'a> {
    file: &'a FileDescriptorProto,
    path: &'a [i32],
    fields: &'a [String],
}

impl<'a> Spot<'a> {
    pub(crate) const fn new(file: &'a FileDescriptorProto, path: &'a [i32]) -> Self {
        Self { file, path, fields: &[] }
    }

    /// `greeter.proto:12:5`, as far as it is known.
    pub(crate) fn place(&self) -> String {
        match self.span() {
            Some((span, _)) => format!("{}:{}:{}", self.file.name(), span.line + 1, span.column + 1),
            None => self.file.name().to_owned(),
        }
    }

    /// Where it is, or what it is in if it has no place itself. And how many numbers of the path that leaves out.
    fn span(&self) -> Option<(Span, usize)> {
        let is_here = |location: &&Location| location.path == self.path;
        // `option (x).retry.max_attempts = 4` is where `retry` is set, too.
        let is_within =
            |location: &&Location| !self.fields.is_empty() && location.path.starts_with(self.path);
        let mut locations = self.file.source_code_info.as_ref()?.location.iter();
        let is_own = locations.clone().any(|location| is_here(&location));
        match locations.find(is_within).filter(|_| !is_own) {
            Some(location) => Some((Span::of(location)?, 0)),
            None => span(self.file, self.path),
        }
    }

    /// The place in the text, which a descriptor set may not be made from.
    fn label(&self, text: &str, columns: Columns, label: &str) -> Option<LabeledSpan> {
        let (span, left_out) = self.span()?;
        let whole = span.range(text, columns);
        let field =
            self.within(left_out).and_then(|fields| aggregate::find(text.get(whole.start..)?, &fields));
        let field = field.map(|field| whole.start + field.start..whole.start + field.end);
        let range = field.unwrap_or(whole);
        text.get(range.clone()).map(|_| LabeledSpan::new_with_span(Some(label.to_owned()), range))
    }

    /// The names of what the span of an option leaves out.
    fn within(&self, left_out: usize) -> Option<Vec<&str>> {
        let fields = self.fields.get(self.fields.len().checked_sub(left_out)?..)?;
        (!fields.is_empty()).then(|| fields.iter().map(String::as_str).collect())
    }
}

/// A problem, and where it is. Without the text of the file the place is in the message.
pub(crate) fn report(
    message: String,
    help: &str,
    here: Spot<'_>,
    first: Option<Spot<'_>>,
    sources: &Sources,
) -> Report {
    let mut help = help.to_owned();
    let name = here.file.name();
    let source = sources.text(name).map(|text| NamedSource::new(name, text));
    let text = source.as_ref().map_or("", |source| source.inner());
    let mut labels: Vec<_> = here
        .label(text, sources.columns, if first.is_some() { "this one" } else { "here" })
        .into_iter()
        .collect();
    let in_text = source.is_some() && !labels.is_empty();
    match first {
        Some(first) if in_text && first.file.name() == here.file.name() => {
            labels.extend(first.label(text, sources.columns, "the first one"));
        }
        Some(first) => help = format!("the first one is at {}; {help}", first.place()),
        None => {}
    }
    let message = if in_text { message } else { format!("{}: {message}", here.place()) };
    Report { message, help: Some(help), source: source.filter(|_| in_text), labels }
}
