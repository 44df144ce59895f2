use miette::{Diagnostic, LabeledSpan, SourceCode, SourceSpan};

use crate::source::word_again;

/// What protox refused within the value of an option. Its own message and mark are about the whole option.
#[derive(Debug)]
pub(crate) struct Cause {
    pub(crate) text: String,
    pub(crate) label: Option<LabeledSpan>,
}

impl Cause {
    pub(crate) fn of(error: &protox::Error) -> Option<Self> {
        let cause = error.diagnostic_source()?;
        Some(Self { text: cause.to_string(), label: label(error, cause) })
    }
}

/// The place in the file. protox has one in a text of its own: the value without line breaks and comments.
fn label(error: &protox::Error, cause: &dyn Diagnostic) -> Option<LabeledSpan> {
    let within = cause.labels()?.next()?;
    let value = read(cause.source_code()?, 0, within.offset() + within.len())?;
    let option = error.labels()?.next()?;
    let statement = read(error.source_code()?, option.offset(), option.len())?;
    let found = word_again(&value, within.offset(), &statement)?;
    Some(LabeledSpan::new(Some("here".to_owned()), option.offset() + found.start, found.len()))
}

fn read(source: &dyn SourceCode, start: usize, length: usize) -> Option<String> {
    let contents = source.read_span(&SourceSpan::from((start, length)), 0, 0).ok()?;
    let text = str::from_utf8(contents.data()).ok()?;
    let start = start.checked_sub(contents.span().offset())?;
    text.get(start..start + length).map(str::to_owned)
}
