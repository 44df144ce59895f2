use super::Links;
use super::addresses::{autolink, url};
use super::links::link;

/// One line of text in which nothing is left that Markdown or rustdoc would take for more than text, but `code`,
/// links to web pages and to what `links` knows, and bold words.
pub(super) fn escape(line: &str, links: &Links<'_>) -> String {
    let mut out = String::with_capacity(line.len() + 8);
    let mut rest = line;
    if line.starts_with('>') {
        out.push('\\');
    }
    while let Some(first) = rest.chars().next() {
        let taken = match first {
            '`' => code(rest, &mut out),
            '[' => link(rest, links, &mut out),
            '<' => autolink(rest, &mut out),
            'h' => url(rest, &mut out),
            '*' => stars(rest, &mut out),
            '_' => underscores(rest, &mut out),
            '\\' => backslash(rest, &mut out),
            ' ' => spaces(rest, &mut out),
            _ => None,
        };
        let taken = taken.unwrap_or_else(|| {
            let is_image = rest.starts_with("![");
            // `~10` stays: nothing that could end what it would strike through is left.
            let strikes = first == '~' && (rest.starts_with("~~") || !(out.is_empty() || out.ends_with(' ')));
            if is_image || strikes || matches!(first, '`' | '[' | ']' | '<' | '*') {
                out.push('\\');
            }
            out.push(first);
            first.len_utf8()
        });
        rest = &rest[taken..];
    }
    out.truncate(out.trim_end().len());
    out
}

/// `` `code` ``, closed on the same line by as many backticks; or the backticks, escaped.
fn code(text: &str, out: &mut String) -> Option<usize> {
    let length = run(text, '`');
    let ticks = &text[..length];
    let mut at = length;
    while let Some(found) = text[at..].find('`') {
        let here = at + found;
        let closing = run(&text[here..], '`');
        if closing == length {
            out.push_str(&text[..here + length]);
            return Some(here + length);
        }
        at = here + closing;
    }
    for _ in ticks.chars() {
        out.push_str("\\`");
    }
    Some(length)
}

/// `**` stays; `projects/*/topics/*` is not emphasis.
fn stars(text: &str, out: &mut String) -> Option<usize> {
    (run(text, '*') == 2).then(|| {
        out.push_str("**");
        2
    })
}

/// `__init__` is a name, not bold. Within a word Markdown sees no more than the reader does.
fn underscores(text: &str, out: &mut String) -> Option<usize> {
    let length = run(text, '_');
    let within_word =
        out.ends_with(char::is_alphanumeric) && text[length..].starts_with(char::is_alphanumeric);
    out.push_str(&if within_word { "_" } else { "\\_" }.repeat(length));
    Some(length)
}

/// What is escaped already stays so; any other backslash is text.
fn backslash(text: &str, out: &mut String) -> Option<usize> {
    let escapes = text[1..].starts_with(|next: char| next.is_ascii_punctuation());
    out.push_str(if escapes { &text[..2] } else { "\\\\" });
    Some(if escapes { 2 } else { 1 })
}

/// Several spaces show as one, and would make code of what follows a list marker.
fn spaces(text: &str, out: &mut String) -> Option<usize> {
    out.push(' ');
    Some(run(text, ' '))
}

fn run(text: &str, character: char) -> usize {
    text.len() - text.trim_start_matches(character).len()
}
