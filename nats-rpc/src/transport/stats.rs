/// What a connection is busy with at the moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Calls that wait for an answer, and those that were given up and may still be answered.
    pub waiting: usize,
    /// How many of them a service has accepted, because they take long.
    pub accepted: usize,
    /// Streams that are open, those that the connection serves and those that it makes. A large message counts as one.
    pub streams: usize,
    /// Messages that came for calls that had ended, or that nobody had made, since the connection began.
    pub ignored: u64,
}
