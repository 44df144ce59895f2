use tokio::sync::mpsc;

use crate::transport::Incoming;

/// A subscription, as the broker sees it.
pub(super) struct Interest {
    pub(super) client: u64,
    pub(super) pattern: String,
    pub(super) queue_group: Option<String>,
    pub(super) sender: mpsc::UnboundedSender<Incoming>,
    pub(super) delivered: u64,
    pub(super) limit: Option<u64>,
}

impl Interest {
    /// Whether it has had all that it asked for.
    pub(super) fn is_used_up(&self) -> bool {
        self.limit.is_some_and(|limit| self.delivered >= limit)
    }
}
