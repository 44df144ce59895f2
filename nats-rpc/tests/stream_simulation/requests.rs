//! The stream of requests that a caller gives to its call.

use std::sync::Arc;
use std::time::Duration;

use futures_util::stream;
use nats_rpc::Status;
use nats_rpc::call::MessageStream;
use nats_rpc::raw::Body;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::content::{self, Direction};
use crate::handler::PANIC;
use crate::pause::pause;
use crate::script::{End, REQUESTS_FAIL, Script};

/// What became of it.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Sent {
    /// So many were taken.
    pub(crate) count: usize,
    pub(crate) end: Option<End>,
    /// When it was dropped.
    pub(crate) gone: Option<Duration>,
}

struct Requests {
    script: Arc<Script>,
    sent: watch::Sender<Sent>,
    start: Instant,
    ended: bool,
}

/// All that a call sends, and a note of what became of it.
pub(crate) fn body(script: &Arc<Script>, start: Instant) -> (Body, watch::Receiver<Sent>) {
    let (sent, told) = watch::channel(Sent::default());
    if !script.streams_requests() {
        let message = content::message(script.id, Direction::Request, 0, script.requests.sizes[0]);
        sent.send_replace(Sent { count: 1, end: Some(End::Well), gone: Some(start.elapsed()) });
        return (Body::Unary(message), told);
    }
    let requests = Requests { script: Arc::clone(script), sent, start, ended: false };
    let messages: MessageStream =
        Box::pin(stream::unfold(requests, |mut requests| async { Some((requests.next().await?, requests)) }));
    (Body::Stream(messages), told)
}

impl Requests {
    async fn next(&mut self) -> Option<Result<bytes::Bytes, Status>> {
        let Script { id, requests, .. } = &*self.script;
        assert!(!self.ended, "a stream was polled after its end");
        let n = self.sent.borrow().count;
        pause(requests.pace.before(n)).await;
        if let Some(size) = requests.sizes.get(n) {
            self.sent.send_modify(|sent| sent.count += 1);
            return Some(Ok(content::message(*id, Direction::Request, n, *size)));
        }
        if requests.end == End::Panics {
            // In the call's own hands by then, not in those of the caller that polls it.
            pause(Duration::from_millis(1)).await;
        } else if requests.end == End::Never {
            std::future::pending::<()>().await;
        }
        self.ended = true;
        let end = Some(requests.end);
        self.sent.send_modify(|sent| sent.end = end);
        match requests.end {
            End::Well => None,
            End::Panics => std::panic::panic_any(PANIC),
            _ => Some(Err(Status::new(REQUESTS_FAIL, "as planned"))),
        }
    }
}

impl Drop for Requests {
    fn drop(&mut self) {
        let gone = Some(self.start.elapsed());
        self.sent.send_modify(|sent| sent.gone = gone);
    }
}
