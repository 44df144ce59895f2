//! Tables, whose columns are divided by bars.

/// Whether a line makes a table of the one before it and of those behind.
pub(super) fn is_delimiter(line: &str) -> bool {
    line.contains(['|', ':']) && line.contains('-') && line.chars().all(|mark| "|:- ".contains(mark))
}

/// Whether all that the rows hold has a place in the table that a delimiter makes of them.
pub(super) fn holds<'a>(delimiter: &str, rows: impl IntoIterator<Item = &'a str>) -> bool {
    let columns = cells(delimiter);
    rows.into_iter().take_while(|row| !row.is_empty()).all(|row| cells(row) <= columns && !divides_code(row))
}

fn cells(row: &str) -> usize {
    let row = row.trim();
    let row = row.strip_prefix('|').unwrap_or(row);
    row.strip_suffix('|').unwrap_or(row).split('|').count()
}

/// Whether there is a bar in `code`, which would end it. Code that is not plain to see is taken to have one.
fn divides_code(row: &str) -> bool {
    let is_plain = !row.contains("``") && !row.contains("\\`");
    row.contains('`') && !(is_plain && row.split('`').skip(1).step_by(2).all(|code| !code.contains('|')))
}
