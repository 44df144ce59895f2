use std::collections::HashMap;

/// The block comments of a file, by their text without white space and stars.
///
/// protox drops the empty lines in them, and the indentation; here they are as they were written.
#[derive(Default)]
pub(crate) struct Paragraphs(HashMap<String, String>);

impl Paragraphs {
    pub(crate) fn of(source: &str) -> Self {
        Self(block_comments(source).map(|comment| (squeeze(comment), unframe(comment))).collect())
    }

    /// The comment as it was written, if it is a block.
    pub(crate) fn restore(&self, comment: String) -> String {
        if self.0.is_empty() { comment } else { self.0.get(&squeeze(&comment)).cloned().unwrap_or(comment) }
    }
}

fn squeeze(comment: &str) -> String {
    comment.chars().filter(|character| !character.is_whitespace() && *character != '*').collect()
}

/// What stands between `/*` and `*/`.
fn block_comments(source: &str) -> impl Iterator<Item = &str> {
    let mut rest = source;
    std::iter::from_fn(move || {
        loop {
            let start = rest.find(['/', '"', '\''])?;
            let (mark, behind) = rest[start..].split_at(1);
            rest = behind;
            if mark != "/" {
                rest = behind_string(behind, mark);
            } else if let Some(text) = behind.strip_prefix('*') {
                let (comment, behind) = text.split_once("*/")?;
                rest = behind;
                return Some(comment);
            } else if behind.starts_with('/') {
                rest = behind.split_once('\n')?.1;
            }
        }
    })
}

fn behind_string<'a>(text: &'a str, quote: &str) -> &'a str {
    let mut escaped = false;
    let end = text.find(|character: char| {
        let ends = !escaped && (quote.starts_with(character) || character == '\n');
        escaped = !escaped && character == '\\';
        ends
    });
    end.map_or("", |end| &text[end + 1..])
}

/// Without the stars in front of lines, or the indentation where there are none; the first line has neither.
fn unframe(comment: &str) -> String {
    let comment = comment.replace('\t', "    ");
    let (first, rest) = comment.split_once('\n').unwrap_or((&comment, ""));
    let filled = || rest.lines().filter(|line| !line.trim().is_empty());
    let indent = |line: &str| line.len() - line.trim_start().len();
    let margin = filled().map(indent).min().unwrap_or(0);
    let starred = filled().all(|line| line.trim_start().starts_with('*'));
    let unframed = rest.lines().map(|line| {
        let line = if starred { line.trim_start() } else { line.get(margin..).unwrap_or("") };
        if starred { line.strip_prefix('*').unwrap_or(line).to_owned() } else { format!(" {line}") }
    });
    let first = first.strip_prefix('*').unwrap_or(first).trim_start();
    [format!(" {first}")].into_iter().chain(unframed).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::Paragraphs;

    #[track_caller]
    fn check(source: &str, comment: &str, expected: &str) {
        assert_eq!(Paragraphs::of(source).restore(comment.to_owned()), expected);
    }

    #[test]
    fn empty_lines_and_indentation_are_as_written() {
        check("/* One.\n *\n * Two.\n */", " One.\n Two.\n", " One.\n\n Two.\n");
        check("  /**\n   One.\n\n       code\n   */", "*\nOne.\ncode\n", " \n One.\n \n     code\n ");
    }

    #[test]
    fn what_is_no_block_comment_stays() {
        let line = " One.\n Two.\n";
        check("// /*\n// One.\n// Two.\n", line, line);
        check("option a = \"/*One.\\\"\"; option b = '\\'Two.*/';", line, line);
    }
}
