use super::code::{self, Fence, MOST_INDENT};
use super::items::{Items, Marker, is_rule};
use super::text::{clean, dedent, indent_of};
use super::{Links, inline, references, tables};

/// The lines of a comment as Markdown that is safe to show.
pub(super) fn lines(comment: &str, links: &Links<'_>) -> Vec<String> {
    let comment = clean(comment);
    let source = dedent(&comment);
    let mut blocks =
        Blocks { out: Vec::new(), items: Items::default(), marker: None, in_paragraph: false, links };
    let mut rest = source.as_slice();
    while let Some((line, after)) = rest.split_first() {
        rest = if line.is_empty() { blocks.blank(after) } else { blocks.block(line, rest, after) };
    }
    let mut out = blocks.out;
    while out.last().is_some_and(String::is_empty) {
        out.pop();
    }
    out
}

struct Blocks<'a> {
    out: Vec<String>,
    items: Items,
    /// The marker that the next line gets, with what stands before and behind it.
    marker: Option<String>,
    /// Whether the last line is one of text, which the next can go on with.
    in_paragraph: bool,
    links: &'a Links<'a>,
}

impl Blocks<'_> {
    fn blank<'a, 'b>(&mut self, after: &'a [&'b str]) -> &'a [&'b str] {
        if self.out.last().is_some_and(|line| !line.is_empty()) {
            self.out.push(String::new());
        }
        self.in_paragraph = false;
        after
    }

    /// Takes what starts with `line`, the first of `lines`; returns the lines behind it.
    fn block<'a, 'b>(&mut self, line: &'b str, lines: &'a [&'b str], after: &'a [&'b str]) -> &'a [&'b str] {
        let (column, text) = (indent_of(line), line.trim_start());
        let fence = Fence::open(text);
        let is_row = self.in_paragraph && column >= self.items.in_comment() && tables::is_delimiter(text);
        let marker = Marker::of(text).filter(|_| !is_row);
        if fence.is_some() || marker.is_some() || is_rule(text) {
            self.in_paragraph &= !self.items.close(column);
        } else if !self.in_paragraph {
            self.items.close(column);
        }
        if let Some(fence) = fence {
            return self.fenced(fence, after);
        }
        if !self.in_paragraph && self.items.is_empty() && column > MOST_INDENT {
            let (block, behind) = code::split_indented(lines);
            self.code(block);
            return behind;
        }
        match marker {
            Some(marker) => self.item(&marker, column, after),
            None => self.text(text, after),
        }
    }

    fn item<'a, 'b>(&mut self, marker: &Marker<'_>, column: usize, after: &'a [&'b str]) -> &'a [&'b str] {
        let fence = Fence::open(marker.content);
        if self.in_paragraph && !marker.interrupts() {
            if fence.is_none() {
                return self.text(&marker.escaped(), after);
            }
            self.blank(after);
        }
        self.marker = Some(format!("{:1$}{2} ", "", self.items.in_docs(), marker.text));
        if marker.content.is_empty() {
            self.push("");
            return after;
        }
        self.items.open(column, marker);
        match fence {
            Some(fence) => self.fenced(fence, after),
            None => self.text(marker.content, after),
        }
    }

    fn text<'a, 'b>(&mut self, text: &str, mut after: &'a [&'b str]) -> &'a [&'b str] {
        let mut text = text.to_owned();
        while let Some((next, behind)) = after.split_first()
            && references::is_broken(&text, next, self.links)
        {
            text.push_str(if text.ends_with(']') { "" } else { " " });
            text.push_str(next.trim_start());
            after = behind;
        }
        let mut escaped = inline::escape(&text, self.links);
        let rows = self.out.last().into_iter().map(String::as_str).chain(after.iter().copied());
        if tables::is_delimiter(&text) && !tables::holds(&text, rows) {
            escaped.insert(0, '\\');
        }
        self.push(&escaped);
        self.in_paragraph = true;
        after
    }

    fn fenced<'a, 'b>(&mut self, fence: Fence, after: &'a [&'b str]) -> &'a [&'b str] {
        let (block, behind) = fence.split(after);
        self.code(block);
        behind
    }

    fn code(&mut self, block: &[&str]) {
        for line in code::block(block) {
            self.push(&line);
        }
        self.in_paragraph = false;
    }

    /// A line of the innermost item.
    fn push(&mut self, line: &str) {
        let lead = self.marker.take().unwrap_or_else(|| " ".repeat(self.items.in_docs()));
        self.out.push(format!("{lead}{line}").trim_end().to_owned());
    }
}
