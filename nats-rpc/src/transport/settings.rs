use crate::wire::DEFAULT_MAX_MESSAGE;

/// Streams on one connection at once, unless its user says otherwise.
const MAX_STREAMS: usize = 1000;

/// What a connection is like, whatever carries it.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    /// What answers are sent to.
    pub(super) inbox_prefix: String,
    /// The largest NATS message that may be sent, in bytes.
    pub(super) frame_limit: usize,
    /// Streams at once.
    pub(super) max_streams: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            inbox_prefix: "_INBOX".to_owned(),
            frame_limit: DEFAULT_MAX_MESSAGE as usize,
            max_streams: MAX_STREAMS,
        }
    }
}
