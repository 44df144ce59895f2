use std::fmt::Write;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::BytesMut;
use tokio::sync::Notify;
use tokio::time::Instant;

use super::slots::{NEVER, Slots};
use super::{Delivery, Epoch, Incoming, Subscription, lock};
use crate::subject::Subject;
use crate::wire::token;

/// Reply subjects are carved out of blocks of this size.
const SUBJECT_BLOCK: usize = 8 * 1024;

/// Where everything towards this connection arrives: one wildcard subscription, and a slot for each waiting call.
pub(crate) struct Inbox {
    /// `_INBOX.<connection>.`
    prefix: String,
    slots: Slots,
    subjects: Mutex<BytesMut>,
    deadlines: Deadlines,
    ignored: AtomicU64,
}

/// When to look for expired calls. Times are in microseconds since the connection began.
struct Deadlines {
    start: Instant,
    /// When the sweep looks next.
    next: AtomicU64,
    earlier: Notify,
}

impl Inbox {
    /// The connection's part of the subject has 128 random bits: whoever could guess it could forge answers.
    pub(crate) fn new(prefix: &str) -> Self {
        let mut own = format!("{prefix}.");
        // Writing to a string can't fail.
        let _ = write!(own, "{:032x}.", rand::random::<u128>());
        Self {
            prefix: own,
            slots: Slots::new(),
            subjects: Mutex::new(BytesMut::new()),
            deadlines: Deadlines {
                start: Instant::now(),
                next: AtomicU64::new(NEVER),
                earlier: Notify::new(),
            },
            ignored: AtomicU64::new(0),
        }
    }

    /// What the connection subscribes to.
    pub(crate) fn wildcard(&self) -> Subject {
        Subject::from(format!("{}*", self.prefix))
    }

    /// How many calls are waiting.
    pub(crate) fn live(&self) -> usize {
        self.slots.live()
    }

    fn open(&self, deadline: Option<Instant>) -> Option<u64> {
        let deadline = deadline.map_or(NEVER, |deadline| self.deadlines.ticks(deadline));
        let token = self.slots.open(deadline)?;
        if deadline < self.deadlines.next.load(Ordering::SeqCst) {
            self.deadlines.earlier.notify_one();
        }
        Some(token)
    }

    fn reply_subject(&self, token: u64) -> Subject {
        let mut subjects = lock(&self.subjects);
        let length = self.prefix.len() + 16;
        if subjects.capacity() < length {
            *subjects = BytesMut::with_capacity(SUBJECT_BLOCK.max(length));
        }
        subjects.extend_from_slice(self.prefix.as_bytes());
        token::write_hex(token, &mut subjects);
        Subject::from_ascii(subjects.split().freeze())
    }

    /// Gives every message to the call that waits for it, until the subscription ends.
    pub(crate) async fn read(&self, mut subscription: Subscription) {
        while let Some(message) = subscription.next().await {
            self.dispatch(message);
        }
    }

    fn dispatch(&self, message: Incoming) {
        let text = message.subject.as_bytes();
        let token = text.len().checked_sub(16).and_then(|start| token::parse_hex(&text[start..]));
        let delivery = if message.no_responders {
            Delivery::NoResponders
        } else {
            Delivery::Message { headers: message.headers, payload: message.payload }
        };
        if !token.is_some_and(|token| self.slots.deliver(token, delivery)) {
            self.ignored.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// No pattern for a server, although it is below what the user may subscribe to.
    pub(crate) fn malformed(&self) -> String {
        format!("{}>.mark", self.prefix)
    }

    /// Whether answers to this connection go there.
    pub(crate) fn owns(&self, subject: &str) -> bool {
        subject.starts_with(&self.prefix)
    }

    /// Ends the calls that were sent to `subject`.
    #[expect(clippy::unused_self, reason = "slots do not know yet where their calls were sent")]
    pub(crate) fn denied(&self, _subject: &str) {}

    /// Tells every waiting call that the connection has ended.
    pub(crate) fn disconnect(&self) {
        self.slots.deliver_all(|| Delivery::Disconnected);
    }

    /// Expires calls, for as long as it is polled.
    pub(crate) async fn sweep(&self) {
        let deadlines = &self.deadlines;
        loop {
            // First let newcomers notify, then look: none can slip through in between.
            deadlines.next.store(NEVER, Ordering::SeqCst);
            let next = self.slots.expire(deadlines.ticks(Instant::now()));
            deadlines.next.store(next, Ordering::SeqCst);
            if next == NEVER {
                deadlines.earlier.notified().await;
            } else {
                let wake = deadlines.start + Duration::from_micros(next);
                tokio::select! {
                    () = tokio::time::sleep_until(wake) => {}
                    () = deadlines.earlier.notified() => {}
                }
            }
        }
    }
}

impl Deadlines {
    fn ticks(&self, at: Instant) -> u64 {
        let micros = at.saturating_duration_since(self.start).as_micros();
        u64::try_from(micros).unwrap_or(NEVER - 1)
    }
}

/// A slot of an inbox, given back when dropped.
pub(crate) struct Ticket {
    epoch: Arc<Epoch>,
    token: u64,
}

impl Ticket {
    /// `None` when 16 million calls are waiting already.
    pub(crate) fn open(epoch: Arc<Epoch>, deadline: Option<Instant>) -> Option<Self> {
        let token = epoch.inbox().open(deadline)?;
        Some(Self { epoch, token })
    }

    pub(crate) fn epoch(&self) -> &Epoch {
        &self.epoch
    }

    pub(crate) fn reply_subject(&self) -> Subject {
        self.epoch.inbox().reply_subject(self.token)
    }

    pub(crate) fn poll_recv(&self, cx: &mut Context<'_>) -> Poll<Delivery> {
        self.epoch.inbox().slots.poll(self.token, cx)
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.epoch.inbox().slots.close(self.token);
    }
}
