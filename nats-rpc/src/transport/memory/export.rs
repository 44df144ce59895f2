use std::time::Duration;

/// How many messages may answer one request that came through an import.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Response {
    /// One. What follows vanishes.
    Singleton,
    /// Any number, until one that is empty and has no headers: it is delivered as the last.
    Stream,
}

/// A service that an account offers to others: `exports` in a server's configuration.
#[derive(Debug, Clone)]
#[must_use]
pub struct Export {
    pub(super) account: String,
    pub(super) pattern: String,
    pub(super) response: Response,
    pub(super) threshold: Duration,
}

impl Export {
    /// What `account` serves under the subjects that match `pattern`. One message answers a request, within two
    /// minutes, unless it is said otherwise: so do servers have it.
    pub fn new(account: impl Into<String>, pattern: impl Into<String>) -> Self {
        Self {
            account: account.into(),
            pattern: pattern.into(),
            response: Response::Singleton,
            threshold: Duration::from_secs(120),
        }
    }

    /// How many messages may answer a request: `response_type`.
    pub fn response(mut self, response: Response) -> Self {
        self.response = response;
        self
    }

    /// For how long after the request, or after the last message that answered it, another may: `threshold`.
    pub fn threshold(mut self, idle: Duration) -> Self {
        self.threshold = idle;
        self
    }
}
