/// One line of text in which nothing is left that Markdown or rustdoc would take for more than text, but `code`,
/// links to web pages and bold words.
pub(super) fn escape(line: &str) -> String {
    let mut out = String::with_capacity(line.len() + 8);
    let mut rest = line;
    if let Some(item) = line.strip_prefix("* ").or_else(|| (line == "*").then_some("")) {
        out.push_str("* ");
        rest = item.trim_start();
    } else if line.starts_with('>') {
        out.push('\\');
    }
    while let Some(first) = rest.chars().next() {
        let taken = match first {
            '`' => code(rest, &mut out),
            '[' => link(rest, &mut out),
            '<' => autolink(rest, &mut out),
            'h' => url(rest, &mut out),
            '*' => stars(rest, &mut out),
            '\\' => backslash(rest, &mut out),
            ' ' => spaces(rest, &mut out),
            _ => None,
        };
        let taken = taken.unwrap_or_else(|| {
            if matches!(first, '`' | '[' | ']' | '<' | '*') {
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

/// `[text](https://..)` stays; of `[text][name]` and `[text][]` the text stays.
fn link(text: &str, out: &mut String) -> Option<usize> {
    let end = text.find(']')?;
    let label = text[1..end].trim();
    if label.is_empty() || label.contains(['[', '`', '\\', '<']) {
        return None;
    }
    let behind = &text[end + 1..];
    if let Some(target) = behind.strip_prefix('(') {
        let close = target.find(')')?;
        let target = &target[..close];
        if !is_web(target)
            || target.contains(|c: char| c.is_whitespace() || "(<>\\`".contains(c))
            || has_url(label)
        {
            return None;
        }
        out.push_str(&format!("[{}]({target})", escape(label)));
        return Some(end + 1 + 1 + close + 1);
    }
    let name = behind.strip_prefix('[')?;
    let close = name.find(']')?;
    if name[..close].contains('[') {
        return None;
    }
    if label.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '.')) {
        out.push_str(&format!("`{label}`"));
    } else {
        out.push_str(&escape(label));
    }
    Some(end + 1 + 1 + close + 1)
}

/// `<https://..>` stays.
fn autolink(text: &str, out: &mut String) -> Option<usize> {
    let end = text.find('>')?;
    let target = &text[1..end];
    if !is_web(target) || target.contains(|c: char| c.is_whitespace() || c == '<') {
        return None;
    }
    out.push_str(&text[..=end]);
    Some(end + 1)
}

/// A bare address gets angle brackets.
fn url(text: &str, out: &mut String) -> Option<usize> {
    if !is_web(text) || out.ends_with(char::is_alphanumeric) {
        return None;
    }
    let end = text.find(|c: char| c.is_whitespace() || "<>[]{}\"`\\|^".contains(c)).unwrap_or(text.len());
    let mut target = text[..end].trim_end_matches(['.', ',', ';', ':', '!', '?', '\'', '*']);
    while target.ends_with(')') && target.matches(')').count() > target.matches('(').count() {
        target = target[..target.len() - 1].trim_end_matches(['.', ',', ';', ':', '!', '?', '\'', '*']);
    }
    if !is_web(target) {
        return None;
    }
    out.push_str(&format!("<{target}>"));
    Some(target.len())
}

/// `**` stays; `projects/*/topics/*` is not emphasis.
fn stars(text: &str, out: &mut String) -> Option<usize> {
    (run(text, '*') == 2).then(|| {
        out.push_str("**");
        2
    })
}

/// What is escaped already stays so.
fn backslash(text: &str, out: &mut String) -> Option<usize> {
    match text[1..].chars().next() {
        Some(next) if next.is_ascii_punctuation() => {
            out.push_str(&text[..2]);
            Some(2)
        }
        Some(_) => None,
        None => {
            out.push_str("\\\\");
            Some(1)
        }
    }
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

fn is_web(text: &str) -> bool {
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    host.is_some_and(|host| host.starts_with(|first: char| first.is_ascii_alphanumeric()))
}
