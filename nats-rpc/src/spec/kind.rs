/// The four kinds of calls: one message or a stream, each way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// One request, one response.
    Unary,
    /// One request, a stream of responses.
    ServerStreaming,
    /// A stream of requests, one response.
    ClientStreaming,
    /// A stream each way.
    BidiStreaming,
}

/// Whether a method may run twice, as its `idempotency_level` in the `.proto` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Idempotency {
    /// Not declared: a call that may have run is never repeated.
    #[default]
    Unknown,
    /// `NO_SIDE_EFFECTS`: reading only.
    NoSideEffects,
    /// `IDEMPOTENT`: a repetition has no further effect.
    Idempotent,
}
