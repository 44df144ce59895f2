//! Links in brackets.

use super::Links;
use super::addresses::{has_url, web_target};
use super::inline::escape;

/// `[text](https://..)` stays; `[text][name]`, `[name][]` and `[name]` lead to what is known by the name, and the text
/// stays of the first two if nothing is.
pub(super) fn link(text: &str, links: &Links<'_>, out: &mut String) -> Option<usize> {
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
