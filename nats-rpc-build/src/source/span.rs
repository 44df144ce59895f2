use std::ops::Range;

use miette::LabeledSpan;
use prost_types::FileDescriptorProto;
use prost_types::source_code_info::Location;

/// How a reader of files counts columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Columns {
    /// In bytes, as protox does.
    Bytes,
    /// In bytes, but a tab goes to the next multiple of 8, as protoc does.
    Tabs,
}

/// Where something is in the text of its file.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Span {
    /// From 0.
    pub(crate) line: usize,
    /// From 0.
    pub(crate) column: usize,
    /// In columns.
    pub(crate) length: usize,
}

impl Span {
    /// What takes several lines is marked by its first character.
    pub(super) fn of(location: &Location) -> Option<Self> {
        let numbers = location.span.iter().map(|number| usize::try_from(*number).unwrap_or(0));
        match numbers.collect::<Vec<_>>()[..] {
            [line, column, end] => Some(Self { line, column, length: end.saturating_sub(column) }),
            [line, column, ..] => Some(Self { line, column, length: 1 }),
            _ => None,
        }
    }

    /// The bytes of the text, which it may be longer than.
    pub(super) fn range(self, text: &str, columns: Columns) -> Range<usize> {
        let mut lines = text.split_inclusive('\n');
        let before: usize = lines.by_ref().take(self.line).map(str::len).sum();
        let line = lines.next().unwrap_or_default();
        let byte = |column| before + columns.byte(line, column);
        byte(self.column)..byte(self.column + self.length)
    }

    pub(crate) fn label(self, text: &str, columns: Columns, label: &str) -> LabeledSpan {
        LabeledSpan::new_with_span(Some(label.to_owned()), self.range(text, columns))
    }
}

impl Columns {
    /// The byte of a line that is in a column.
    fn byte(self, line: &str, column: usize) -> usize {
        let mut at = 0;
        for (byte, character) in line.bytes().enumerate() {
            if at >= column || self == Self::Bytes {
                return byte + (column - at.min(column));
            }
            at = if character == b'\t' { (at / 8 + 1) * 8 } else { at + 1 };
        }
        line.len() + column.saturating_sub(at)
    }
}

/// Where `path` is declared, or what it is in if it has no place itself; and how many numbers of the path that leaves out.
pub(crate) fn span(file: &FileDescriptorProto, path: &[i32]) -> Option<(Span, usize)> {
    let info = file.source_code_info.as_ref()?;
    let mut around = path;
    loop {
        if let Some(location) = info.location.iter().find(|location| location.path == around) {
            return Some((Span::of(location)?, path.len() - around.len()));
        }
        around = around.split_last()?.1;
    }
}

#[cfg(test)]
mod tests {
    use super::{Columns, Span};

    #[test]
    fn tabs_count_as_the_reader_counts_them() {
        let text = "a;\n\tb \tc d;\n";
        let shown = |column, length, columns| {
            text.get(Span { line: 1, column, length }.range(text, columns)).map(str::to_owned)
        };
        for (word, bytes, tabs) in [("b", 1, 8), ("c", 4, 16), ("d", 6, 18)] {
            assert_eq!(shown(bytes, 1, Columns::Bytes).as_deref(), Some(word));
            assert_eq!(shown(tabs, 1, Columns::Tabs).as_deref(), Some(word));
        }
        assert_eq!(shown(8, 9, Columns::Tabs).as_deref(), Some("b \tc"));
        assert_eq!(shown(99, 1, Columns::Tabs), None);
    }
}
