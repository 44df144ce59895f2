//! Blocks of code. Each becomes one of plain text, because one that does not say what it is would be a doctest.

use super::text::indent_of;

/// The widest indentation of text. One more space makes code of it.
pub(super) const MOST_INDENT: usize = 3;

/// The opening line of a fenced block.
#[derive(Clone, Copy)]
pub(super) struct Fence {
    mark: char,
    length: usize,
}

impl Fence {
    pub(super) fn open(text: &str) -> Option<Self> {
        let mark = text.chars().next().filter(|mark| matches!(mark, '`' | '~'))?;
        let info = text.trim_start_matches(mark);
        let length = text.len() - info.len();
        (length >= 3 && !(mark == '`' && info.contains('`'))).then_some(Self { mark, length })
    }

    fn closes(self, line: &str) -> bool {
        let line = line.trim();
        line.len() >= self.length && line.chars().all(|character| character == self.mark)
    }

    /// The lines up to the closing fence, or all when there is none, and those behind it.
    pub(super) fn split<'a, 'b>(self, lines: &'a [&'b str]) -> (&'a [&'b str], &'a [&'b str]) {
        let end = lines.iter().position(|line| self.closes(line)).unwrap_or(lines.len());
        (&lines[..end], lines.get(end + 1..).unwrap_or_default())
    }
}

/// The lines up to the next that is not indented like code, and those behind them.
pub(super) fn split_indented<'a, 'b>(lines: &'a [&'b str]) -> (&'a [&'b str], &'a [&'b str]) {
    let stop = lines.iter().position(|line| !line.is_empty() && indent_of(line) <= MOST_INDENT);
    let block = &lines[..stop.unwrap_or(lines.len())];
    let end = block.iter().rposition(|line| !line.is_empty()).map_or(0, |last| last + 1);
    lines.split_at(end)
}

/// A block of plain text, between fences that are longer than any in it.
pub(super) fn block(lines: &[&str]) -> Vec<String> {
    let ticks = lines.iter().flat_map(|line| line.split(|character| character != '`')).map(str::len);
    let fence = "`".repeat(ticks.max().unwrap_or(0).max(2) + 1);
    let margin = lines.iter().filter(|line| !line.is_empty()).map(|line| indent_of(line)).min().unwrap_or(0);
    let mut block = vec![format!("{fence}text")];
    block.extend(lines.iter().map(|line| line.get(margin..).unwrap_or("").to_owned()));
    block.push(fence);
    block
}
