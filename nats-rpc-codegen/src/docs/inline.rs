use super::Links;

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

/// `[text](https://..)` stays; `[text][name]`, `[name][]` and `[name]` lead to what is known by the name, and the text
/// stays of the first two if nothing is.
fn link(text: &str, links: &Links<'_>, out: &mut String) -> Option<usize> {
    let end = text.find(']')?;
    let label = text[1..end].trim();
    let label = label.strip_prefix('`').and_then(|code| code.strip_suffix('`')).unwrap_or(label);
    if label.is_empty() || label.contains(['[', '`', '\\', '<', '|']) || has_url(label) {
        return None;
    }
    let behind = &text[end + 1..];
    if let Some(target) = behind.strip_prefix('(') {
        let close = web_target(target)?;
        out.push_str(&format!("[{}]({})", escape(label, &|_| None), &target[..close]));
        return Some(end + 1 + 1 + close + 1);
    }
    let Some(name) = behind.strip_prefix('[') else {
        reference(label, &links(label)?, behind, out);
        return Some(end + 1);
    };
    let close = name.find(']')?;
    let (name, behind) = (&name[..close], &name[close + 1..]);
    if name.contains('[') {
        return None;
    }
    let name = if name.trim().is_empty() { label } else { name.trim().trim_matches('`') };
    match links(name.trim_start_matches('.')) {
        Some(path) => reference(label, &path, behind, out),
        None => push_text(label, behind, out),
    }
    Some(end + 1 + 1 + close + 1)
}

/// The end of `https://..)`, if it is one that Markdown takes for a target.
fn web_target(text: &str) -> Option<usize> {
    let close = text.find(')')?;
    let target = &text[..close];
    let is_odd = |c: char| c.is_whitespace() || "(<>\\`|".contains(c);
    (is_web(target) && !target.contains(is_odd)).then_some(close)
}

/// A link to a Rust path. rustdoc asks for the short form where label and path are the same. Behind that, `:` and `(`
/// would make another thing of it, and so would `[`, even if escaped: the code in `[Foo]\[``]``]` hides what ends it.
fn reference(label: &str, path: &str, behind: &str, out: &mut String) {
    let text = text_of(label);
    if label != path {
        out.push_str(&format!("[{text}]({path})"));
    } else if behind.starts_with('[') || behind.starts_with("\\[") {
        push_text(label, behind, out);
    } else {
        out.push_str(&format!("[{text}]"));
        if behind.starts_with([':', '(']) {
            out.push('\\');
        }
    }
}

/// A label that leads nowhere, which is no code if its backticks would join others.
fn push_text(label: &str, behind: &str, out: &mut String) {
    let joins = out.ends_with('`') || behind.starts_with('`');
    let text = if joins { escape(label, &|_| None) } else { text_of(label) };
    // `!` would make an image of a link behind it.
    out.push_str(&text.strip_suffix('!').map_or_else(|| text.clone(), |text| format!("{text}\\!")));
}

/// A label as text: a name is code.
fn text_of(label: &str) -> String {
    if label.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '.')) {
        format!("`{label}`")
    } else {
        escape(label, &|_| None)
    }
}

/// `<https://..>` stays.
fn autolink(text: &str, out: &mut String) -> Option<usize> {
    let end = text.find('>')?;
    let target = &text[1..end];
    if !is_web(target) || target.contains(|c: char| c.is_whitespace() || matches!(c, '<' | '|')) {
        return None;
    }
    out.push_str(&text[..=end]);
    Some(end + 1)
}

/// A bare address gets angle brackets, also within a word: rustdoc looks for addresses there too. The start of one is
/// escaped, lest what comes behind it makes it whole.
fn url(text: &str, out: &mut String) -> Option<usize> {
    let scheme = ["http://", "https://"].into_iter().find(|scheme| text.starts_with(scheme))?;
    let end = text.find(|c: char| c.is_whitespace() || "<>[]{}\"`\\|^".contains(c)).unwrap_or(text.len());
    let mut target = text[..end].trim_end_matches(BEHIND);
    while target.ends_with(')') && target.matches(')').count() > target.matches('(').count() {
        target = target[..target.len() - 1].trim_end_matches(BEHIND);
    }
    if is_web(target) {
        out.push_str(&format!("<{target}>"));
        return Some(target.len());
    }
    out.push_str(&scheme.replace("//", "\\//"));
    Some(scheme.len())
}

/// What ends a sentence, not an address.
const BEHIND: [char; 8] = ['.', ',', ';', ':', '!', '?', '\'', '*'];

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

fn has_url(text: &str) -> bool {
    text.contains("http://") || text.contains("https://")
}

/// Whether it starts as an address does. More may start a host than is right, as rustdoc takes more for one.
fn is_web(text: &str) -> bool {
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    host.is_some_and(|host| host.starts_with(|c: char| c.is_ascii_alphanumeric() || "-@:%._+~#=".contains(c)))
}
