/// The four kinds of calls: one message or a stream, each way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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

impl Kind {
    /// The kind of a method whose requests and responses are streams or not.
    ///
    /// ```
    /// # use nats_rpc_codegen::ir::Kind;
    /// assert_eq!(Kind::of(false, true), Kind::ServerStreaming);
    /// ```
    #[must_use]
    pub const fn of(client_streams: bool, server_streams: bool) -> Self {
        match (client_streams, server_streams) {
            (false, false) => Self::Unary,
            (false, true) => Self::ServerStreaming,
            (true, false) => Self::ClientStreaming,
            (true, true) => Self::BidiStreaming,
        }
    }
}

/// Whether a method may run twice, as its `idempotency_level` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Idempotency {
    /// Not declared.
    #[default]
    Unknown,
    /// `NO_SIDE_EFFECTS`.
    NoSideEffects,
    /// `IDEMPOTENT`.
    Idempotent,
}
