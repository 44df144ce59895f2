use std::fmt;

use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, NamedSource, SourceCode};

/// Why nothing was generated.
///
/// It prints, with [`Display`](fmt::Display) and with [`Debug`], as a message of several lines: what is wrong, where
/// (file, line, column and the lines themselves) and what to do. A build script that returns it shows just that.
pub struct Error {
    text: String,
}

impl Error {
    /// An error if there are problems.
    pub(crate) fn of_any(reports: &[Report]) -> Result<(), Self> {
        if reports.is_empty() { Ok(()) } else { Err(Self::of(reports)) }
    }

    /// Several problems at once, one after the other.
    pub(crate) fn of(reports: &[Report]) -> Self {
        let texts: Vec<_> = reports.iter().map(|report| render(report)).collect();
        Self { text: texts.join("\n") }
    }

    /// A problem that is nowhere in a file.
    pub(crate) fn plain(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self::of(&[Report {
            message: message.into(),
            help: Some(help.into()),
            source: None,
            labels: Vec::new(),
        }])
    }

    /// A problem that protox found, in words of ours, and with a mark of ours if there is one.
    pub(crate) fn protox(
        error: &protox::Error,
        message: String,
        label: Option<LabeledSpan>,
        help: Option<String>,
    ) -> Self {
        Self { text: render(&Foreign { error, message, label, help }) }
    }
}

fn render(diagnostic: &dyn Diagnostic) -> String {
    let mut text = String::new();
    let handler = GraphicalReportHandler::new_themed(GraphicalTheme::unicode_nocolor()).with_width(100);
    match handler.render_report(&mut text, diagnostic) {
        Ok(()) => text.lines().map(|line| format!("{}\n", line.trim_end())).collect(),
        Err(fmt::Error) => diagnostic.to_string(),
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\n\n{}", self.text)
    }
}

impl std::error::Error for Error {}

/// One problem that we found.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) message: String,
    pub(crate) help: Option<String>,
    pub(crate) source: Option<NamedSource<String>>,
    pub(crate) labels: Vec<LabeledSpan>,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Report {}

impl Diagnostic for Report {
    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.help.as_ref().map(|help| Box::new(help) as _)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.source.as_ref().map(|source| source as _)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(self.labels.iter().cloned()))
    }
}

/// A problem that protox found, with our help.
#[derive(Debug)]
struct Foreign<'a> {
    error: &'a protox::Error,
    message: String,
    label: Option<LabeledSpan>,
    help: Option<String>,
}

impl fmt::Display for Foreign<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Foreign<'_> {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.error.source()
    }
}

impl Diagnostic for Foreign<'_> {
    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.help.as_ref().map(|help| Box::new(help) as _)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.error.source_code()
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        match &self.label {
            Some(label) => Some(Box::new(std::iter::once(label.clone()))),
            None => self.error.labels(),
        }
    }
}
