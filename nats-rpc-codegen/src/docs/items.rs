//! Items of lists.

/// `- `, `* `, `+ `, `1. ` or `1) ` at the start of a line.
pub(super) struct Marker<'a> {
    /// The marker itself.
    pub(super) text: &'a str,
    /// What follows it on the line.
    pub(super) content: &'a str,
    /// The spaces between the two.
    spaces: usize,
}

impl<'a> Marker<'a> {
    pub(super) fn of(text: &'a str) -> Option<Self> {
        let digits = text.len() - text.trim_start_matches(|first: char| first.is_ascii_digit()).len();
        let marks: &[char] = if digits == 0 { &['-', '*', '+'] } else { &['.', ')'] };
        if digits > 9 || !text[digits..].starts_with(marks) || is_rule(text) {
            return None;
        }
        let (text, rest) = text.split_at(digits + 1);
        let content = rest.trim_start();
        let spaces = rest.len() - content.len();
        (spaces > 0 || content.is_empty()).then_some(Self { text, content, spaces })
    }

    /// Whether it starts an item also in a line that follows one of text.
    pub(super) fn interrupts(&self) -> bool {
        !self.content.is_empty() && matches!(self.text, "-" | "*" | "+" | "1." | "1)")
    }

    /// The line as text.
    pub(super) fn escaped(&self) -> String {
        let (number, mark) = self.text.split_at(self.text.len() - 1);
        format!("{number}\\{mark} {}", self.content)
    }
}

/// A line across the page, or under a heading.
pub(super) fn is_rule(text: &str) -> bool {
    let marks = text.replace(' ', "");
    marks.len() > 2 && ['-', '*', '_'].iter().any(|mark| marks.chars().all(|c| c == *mark))
}

/// The items that are open, each within the one before.
#[derive(Default)]
pub(super) struct Items(Vec<Item>);

/// The columns at which the text of an item starts.
struct Item {
    in_comment: usize,
    in_docs: usize,
}

impl Items {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Where text of the innermost item starts in the comment.
    pub(super) fn in_comment(&self) -> usize {
        self.0.last().map_or(0, |item| item.in_comment)
    }

    /// Where text of the innermost item starts in the documentation.
    pub(super) fn in_docs(&self) -> usize {
        self.0.last().map_or(0, |item| item.in_docs)
    }

    /// Opens an item whose marker is at a column of the comment.
    pub(super) fn open(&mut self, column: usize, marker: &Marker<'_>) {
        // With five spaces, all but one belong to code.
        let spaces = if marker.spaces > 4 { 1 } else { marker.spaces };
        let width = marker.text.len();
        self.0.push(Item { in_comment: column + width + spaces, in_docs: self.in_docs() + width + 1 });
    }

    /// Closes those to which a block at a column of the comment does not belong; whether there are any.
    pub(super) fn close(&mut self, column: usize) -> bool {
        let open = self.0.iter().take_while(|item| item.in_comment <= column).count();
        let closes = open < self.0.len();
        self.0.truncate(open);
        closes
    }
}
