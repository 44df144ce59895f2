//! Addresses of web pages.

/// `<https://..>` stays.
pub(super) fn autolink(text: &str, out: &mut String) -> Option<usize> {
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
pub(super) fn url(text: &str, out: &mut String) -> Option<usize> {
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

/// The end of `https://..)`, if it is one that Markdown takes for a target.
pub(super) fn web_target(text: &str) -> Option<usize> {
    let close = text.find(')')?;
    let target = &text[..close];
    let is_odd = |c: char| c.is_whitespace() || "(<>\\`|".contains(c);
    (is_web(target) && !target.contains(is_odd)).then_some(close)
}

/// Whether there is an address in it.
pub(super) fn has_url(text: &str) -> bool {
    text.contains("http://") || text.contains("https://")
}

/// Whether it starts as an address does. More may start a host than is right, as rustdoc takes more for one.
fn is_web(text: &str) -> bool {
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    host.is_some_and(|host| host.starts_with(|c: char| c.is_ascii_alphanumeric() || "-@:%._+~#=".contains(c)))
}
