use super::{Links, inline, references, tables};

/// The widest indentation of text. One more space would make a code block of it, and so a doctest.
const MOST_INDENT: usize = 3;

/// The lines of a comment as Markdown that is safe to show.
pub(super) fn lines(comment: &str, links: &Links<'_>) -> Vec<String> {
    let comment = clean(without_javadoc_star(comment));
    let source = dedent(&comment);
    let mut out = Vec::new();
    let mut rest = source.as_slice();
    let mut in_list = false;
    while let Some((line, mut after)) = rest.split_first() {
        let start_of_block = out.last().is_none_or(String::is_empty);
        if line.is_empty() {
            if !start_of_block {
                out.push(String::new());
            }
        } else if let Some(fence) = Fence::open(line) {
            after = push_fenced(&mut out, after, fence);
        } else if start_of_block && !in_list && indent_of(line) > MOST_INDENT {
            after = push_indented(&mut out, rest);
        } else {
            in_list = is_item(line) || (in_list && (!start_of_block || indent_of(line) > 0));
            let mut joined = line.trim_start().to_owned();
            while let Some((next, behind)) = after.split_first()
                && references::is_broken(&joined, next, links)
            {
                joined.push_str(if joined.ends_with(']') { "" } else { " " });
                joined.push_str(next.trim_start());
                after = behind;
            }
            let mut text = inline::escape(&joined, links);
            let rows = out.last().into_iter().map(String::as_str).chain(after.iter().copied());
            if tables::is_delimiter(line) && !tables::holds(line, rows) {
                text.insert(0, '\\');
            }
            out.push(format!("{:1$}{text}", "", indent_of(line).min(MOST_INDENT)));
        }
        rest = after;
    }
    while out.last().is_some_and(String::is_empty) {
        out.pop();
    }
    out
}

/// Without the second star of `/**`.
fn without_javadoc_star(comment: &str) -> &str {
    comment.strip_prefix('*').filter(|rest| rest.starts_with(char::is_whitespace)).unwrap_or(comment)
}

/// Without control characters, and those that show nothing or turn the text around. Joiners stay: scripts and emoji
/// need them.
fn clean(comment: &str) -> String {
    comment
        .replace('\t', "    ")
        .chars()
        .filter(|character| match character {
            '\n' => true,
            '\u{ad}'
            | '\u{61c}'
            | '\u{180e}'
            | '\u{feff}'
            | '\u{200b}'
            | '\u{200e}'
            | '\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' => false,
            character => !character.is_control(),
        })
        .collect()
}

/// Lines without the indentation that all have in common, and without blank ones before and behind.
fn dedent(comment: &str) -> Vec<&str> {
    let lines: Vec<_> = comment.lines().map(str::trim_end).collect();
    let margin = lines.iter().filter(|line| !line.is_empty()).map(|line| indent_of(line)).min().unwrap_or(0);
    lines
        .into_iter()
        .map(|line| line.get(margin..).unwrap_or(""))
        .skip_while(|line| line.is_empty())
        .collect()
}

fn indent_of(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}

fn is_item(line: &str) -> bool {
    after_marker(line).is_some()
}

/// What follows `- `, `* `, `+ `, `1. ` or `1) `.
fn after_marker(line: &str) -> Option<&str> {
    let line = line.trim_start();
    let digits = line.trim_start_matches(|character: char| character.is_ascii_digit());
    let rest = if digits.len() == line.len() {
        line.strip_prefix(['-', '*', '+'])
    } else {
        digits.strip_prefix(['.', ')'])
    }?;
    (rest.is_empty() || rest.starts_with(' ')).then_some(rest)
}

/// The opening line of a fenced code block, at the start of a line or of a list item.
#[derive(Clone, Copy)]
struct Fence {
    mark: char,
    length: usize,
}

impl Fence {
    fn open(line: &str) -> Option<Self> {
        let text = after_marker(line).unwrap_or(line).trim_start();
        let mark = text.chars().next().filter(|mark| matches!(mark, '`' | '~'))?;
        let info = text.trim_start_matches(mark);
        let length = text.len() - info.len();
        (length >= 3 && !(mark == '`' && info.contains('`'))).then_some(Self { mark, length })
    }

    fn closes(&self, line: &str) -> bool {
        let line = line.trim();
        line.len() >= self.length && line.chars().all(|character| character == self.mark)
    }
}

/// Takes the lines up to the closing fence, or all when there is none; returns the lines behind it.
fn push_fenced<'a, 'b>(out: &mut Vec<String>, lines: &'a [&'b str], fence: Fence) -> &'a [&'b str] {
    let end = lines.iter().position(|line| fence.closes(line)).unwrap_or(lines.len());
    push_code(out, &lines[..end]);
    lines.get(end + 1..).unwrap_or_default()
}

/// Takes the lines up to the next that is not indented like code; returns those behind them.
fn push_indented<'a, 'b>(out: &mut Vec<String>, lines: &'a [&'b str]) -> &'a [&'b str] {
    let stop = lines.iter().position(|line| !line.is_empty() && indent_of(line) <= MOST_INDENT);
    let (block, rest) = lines.split_at(stop.unwrap_or(lines.len()));
    let end = block.iter().rposition(|line| !line.is_empty()).map_or(0, |last| last + 1);
    push_code(out, &block[..end]);
    &lines[lines.len() - rest.len() - (block.len() - end)..]
}

/// A block of plain text, between fences that are longer than any in it.
fn push_code(out: &mut Vec<String>, lines: &[&str]) {
    let text = lines.join("\n");
    let longest = text.split(|character| character != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    out.push(format!("{fence}text"));
    out.extend(dedent_code(&text));
    out.push(fence);
}

fn dedent_code(text: &str) -> impl Iterator<Item = String> {
    let margin = text.lines().filter(|line| !line.is_empty()).map(indent_of).min().unwrap_or(0);
    text.lines().map(move |line| line.get(margin..).unwrap_or("").to_owned())
}
