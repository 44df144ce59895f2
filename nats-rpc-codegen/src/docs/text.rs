//! The lines of a comment as they are meant, before anything is made of them.

/// Without the second star of `/**`, and without characters that show nothing.
pub(super) fn clean(comment: &str) -> String {
    visible(without_javadoc_star(comment))
}

fn without_javadoc_star(comment: &str) -> &str {
    comment.strip_prefix('*').filter(|rest| rest.starts_with(char::is_whitespace)).unwrap_or(comment)
}

/// Without control characters, and those that show nothing or turn the text around. Joiners stay: scripts and emoji
/// need them.
fn visible(comment: &str) -> String {
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
pub(super) fn dedent(comment: &str) -> Vec<&str> {
    let lines: Vec<_> = comment.lines().map(str::trim_end).collect();
    let margin = lines.iter().filter(|line| !line.is_empty()).map(|line| indent_of(line)).min().unwrap_or(0);
    lines
        .into_iter()
        .map(|line| line.get(margin..).unwrap_or(""))
        .skip_while(|line| line.is_empty())
        .collect()
}

pub(super) fn indent_of(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}
