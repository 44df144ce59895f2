/// What a server is busy with at the moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Calls whose handlers were not ready at once and still run.
    pub running: usize,
    /// How many of them have been reported to their callers, because they take long.
    pub accepted: usize,
    /// Messages to the server's methods that nobody awaits an answer to, since the server was started.
    pub ignored: u64,
}
