use std::sync::atomic::{AtomicBool, Ordering};

use crate::raw::Reply;
use crate::status::{Origin, Reason, Status};

/// Whether a service could be reached when it was last called.
#[derive(Debug)]
pub(super) struct Reach(AtomicBool);

impl Reach {
    pub(super) fn new() -> Self {
        Self(AtomicBool::new(true))
    }

    pub(super) fn get(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Learns from how a call ended. Returns what is new about it.
    pub(super) fn learn(&self, result: &Result<Reply, Status>) -> Option<bool> {
        let reached = match result {
            Ok(_) => true,
            Err(status) => match (status.origin(), status.reason()) {
                (Origin::Remote, _) => true,
                (Origin::Transport, Some(Reason::NotConnected | Reason::NoResponders)) => false,
                _ => return None,
            },
        };
        // Written only when it changes, so that threads do not take it away from each other.
        (self.get() != reached && self.0.swap(reached, Ordering::Relaxed) != reached).then_some(reached)
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::Reach;
    use crate::metadata::Metadata;
    use crate::raw::{Reply, ReplyBody};
    use crate::status::{Origin, Reason, Status};

    #[test]
    fn it_says_what_the_last_call_found() {
        let reach = Reach::new();
        assert!(reach.get());
        for reason in [Reason::NotConnected, Reason::NoResponders] {
            let nobody = || Err(Status::transport("").with_reason(reason).with_not_processed());
            assert_eq!(reach.learn(&nobody()), Some(false));
            assert_eq!(reach.learn(&nobody()), None);
            // Neither says anything about it.
            assert_eq!(reach.learn(&Err(Status::transport("lost"))), None);
            assert_eq!(reach.learn(&Err(Status::deadline_exceeded(""))), None);
            assert!(!reach.get());
            assert_eq!(reach.learn(&Err(Status::internal("").with_origin(Origin::Remote))), Some(true));
            assert!(reach.get());
        }
        let body = ReplyBody::Unary { message: Bytes::new(), trailers: Metadata::new() };
        assert_eq!(reach.learn(&Ok(Reply::new(Metadata::new(), body))), None);
    }
}
