//! Links, `[text][name]` and `[text](https://..)`, that go on in the next line.

use super::Links;

/// Whether a link starts in a line and ends in the next, broken within its text, or between that and a name. The rows of
/// a table stay apart.
pub(super) fn is_broken(line: &str, next: &str, links: &Links<'_>) -> bool {
    if line.contains('|') || next.contains('|') {
        return false;
    }
    let parts = (line.rsplit_once('['), next.trim_start().split_once(']'));
    let (Some((before, text)), Some((end, behind))) = parts else { return false };
    let Some(label) = text.strip_suffix(']') else {
        let is_link = behind.starts_with('[') || behind.starts_with("(http");
        return is_link && !text.contains(']') && !end.contains('[');
    };
    // Two that merely follow each other look like one that is broken behind its text.
    let name = end.strip_prefix('[').unwrap_or_default().trim_start_matches('.');
    let label = label.trim_matches('`');
    !before.ends_with(']') && links(name).is_some() && (name.ends_with(label) || links(label).is_none())
}
