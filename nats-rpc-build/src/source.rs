use std::fs;

use miette::{LabeledSpan, NamedSource, SourceOffset};
use prost_reflect::FileDescriptor;

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

    /// Line and column from 0, and the length if it is all on one line; of what it is in, if it has none itself.
    fn span(&self) -> Option<(usize, usize, usize)> {
        let info = self.file.file_descriptor_proto().source_code_info.as_ref()?;
        let mut path = self.path.as_slice();
        loop {
            if let Some(location) = info.location.iter().find(|location| location.path == path) {
                let span: Vec<_> =
                    location.span.iter().map(|number| usize::try_from(*number).unwrap_or(0)).collect();
                return match span[..] {
                    [line, start, end] => Some((line, start, end.saturating_sub(start))),
                    [line, start, ..] => Some((line, start, 1)),
                    _ => None,
                };
            }
            path = path.split_last()?.1;
        }
    }

    /// `greeter.proto:12`, for a warning.
    pub(crate) fn line(&self) -> String {
        let line = self.span().map_or(1, |(line, ..)| line + 1);
        format!("{}:{line}", self.file.name())
    }

    /// The text of the file, to show a part of it.
    pub(crate) fn text(&self, loaded: &Loaded) -> Option<NamedSource<String>> {
        Some(NamedSource::new(self.file.name(), text(&self.file, loaded)?))
    }

    /// The place in the text.
    pub(crate) fn label(&self, text: &NamedSource<String>, label: &str) -> Option<LabeledSpan> {
        let (line, column, length) = self.span()?;
        let offset = SourceOffset::from_location(text.inner(), line + 1, column + 1).offset();
        Some(LabeledSpan::new(Some(label.to_owned()), offset, length))
    }
}

/// What a file says.
pub(crate) fn text(file: &FileDescriptor, loaded: &Loaded) -> Option<String> {
    match loaded.files.get(file.name())? {
        Some(path) => fs::read_to_string(path).ok(),
        None => builtin::text(file.name()).map(str::to_owned),
    }
}
