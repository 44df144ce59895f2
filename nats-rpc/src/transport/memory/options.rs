use std::time::Duration;

use crate::transport::Settings;

/// How to connect to a [`Broker`](super::Broker).
#[derive(Debug, Clone)]
#[must_use]
pub struct Options {
    pub(super) name: Option<String>,
    pub(super) account: String,
    pub(super) node: String,
    pub(super) clock_ahead_ms: i64,
    pub(super) max_payload: usize,
    pub(super) latency: Duration,
    pub(super) jitter: Duration,
    pub(super) settings: Settings,
}

impl Options {
    /// The account `$G`, the node `n1`, a clock that is right, no latency, and a largest payload of 1 MiB.
    pub fn new() -> Self {
        Self {
            name: None,
            account: "$G".to_owned(),
            node: "n1".to_owned(),
            clock_ahead_ms: 0,
            max_payload: 1024 * 1024,
            latency: Duration::ZERO,
            jitter: Duration::ZERO,
            settings: Settings::default(),
        }
    }

    /// What [`Broker::freeze`](super::Broker::freeze) and its like call the connection. Connections of one name are
    /// treated as those of one process. By default a connection has a name of its own, `connection-1` and so on.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// The account. Subjects of different accounts have nothing to do with each other.
    pub fn account(mut self, account: impl Into<String>) -> Self {
        self.account = account.into();
        self
    }

    /// The server of the cluster that the connection goes to. Every node has a route to every other.
    pub fn node(mut self, node: impl Into<String>) -> Self {
        self.node = node.into();
        self
    }

    /// By how many milliseconds the host's clock is ahead of what it should be; negative: behind.
    pub fn clock_ahead_ms(mut self, milliseconds: i64) -> Self {
        self.clock_ahead_ms = milliseconds;
        self
    }

    /// Largest message, in bytes: payload and headers together. A larger one is not published.
    pub fn max_payload(mut self, bytes: usize) -> Self {
        self.max_payload = bytes;
        self
    }

    /// How many streams may be open at once on the connection. Default: 1,000.
    pub fn max_streams(mut self, streams: usize) -> Self {
        self.settings.max_streams = streams;
        self
    }

    /// Largest message that is sent, in bytes. Default: 1 MiB.
    pub fn frame_limit(mut self, bytes: usize) -> Self {
        self.settings.frame_limit = bytes;
        self
    }

    /// How long everything takes from the connection to its node, and back. A request and its answer pass four times:
    /// with 75 ms on both sides the round trip takes 300 ms.
    pub fn latency(mut self, one_way: Duration) -> Self {
        self.latency = one_way;
        self
    }

    /// Up to how much longer than [`latency`](Self::latency) it may take, random for each message. What one connection
    /// publishes still arrives in order.
    pub fn jitter(mut self, most: Duration) -> Self {
        self.jitter = most;
        self
    }
}

impl Default for Options {
    fn default() -> Self {
        Self::new()
    }
}
