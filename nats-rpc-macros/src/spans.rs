use proc_macro2::Span;

/// Where options stand, by the names that the checks have for them: `subject`, `retry.max_attempts`.
#[derive(Default)]
pub(crate) struct Spans(Vec<(String, Span)>);

impl Spans {
    /// Keeps a place; the first one of an option counts.
    pub(crate) fn note(&mut self, option: &str, span: Span) {
        self.0.push((option.to_owned(), span));
    }

    pub(crate) fn has(&self, option: &str) -> bool {
        self.0.iter().any(|(own, _)| own == option)
    }

    /// Where the option stands, or what it is in.
    pub(crate) fn of(&self, option: &str) -> Option<Span> {
        let own = self.0.iter().find(|(own, _)| own == option).map(|(_, span)| *span);
        own.or_else(|| self.of(option.rsplit_once('.')?.0))
    }
}
