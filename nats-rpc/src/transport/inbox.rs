use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::BytesMut;
use tokio::sync::Notify;
use tokio::time::Instant;

use super::slots::{Mail, NEVER, Reached, Slots};
use super::{Delivery, Flow, Incoming, lock};
use crate::subject::Subject;
use crate::wire::token;

/// Reply subjects are carved out of blocks of this size.
const SUBJECT_BLOCK: usize = 8 * 1024;

/// Where everything towards this connection arrives: one wildcard subscription, and a slot for each waiting call.
pub(super) struct Inbox {
    /// `_INBOX.<connection>.`
    prefix: String,
    slots: Slots,
    subjects: Mutex<BytesMut>,
    alarms: Alarms,
    ignored: AtomicU64,
}

/// When to look for alarms that are due. Times are in microseconds since the connection began.
struct Alarms {
    start: Instant,
    /// When the sweep looks next.
    next: AtomicU64,
    earlier: Notify,
}

impl Inbox {
    /// The connection's part of the subject has 128 random bits: whoever could guess it could forge answers.
    pub(super) fn new(prefix: &str) -> Self {
        let mut own = format!("{prefix}.");
        // Writing to a string can't fail.
        let _ = write!(own, "{:032x}.", rand::random::<u128>());
        Self {
            prefix: own,
            slots: Slots::new(),
            subjects: Mutex::new(BytesMut::new()),
            alarms: Alarms { start: Instant::now(), next: AtomicU64::new(NEVER), earlier: Notify::new() },
            ignored: AtomicU64::new(0),
        }
    }

    /// What the connection subscribes to.
    pub(super) fn wildcard(&self) -> Subject {
        Subject::from(format!("{}*", self.prefix))
    }

    /// How many calls are waiting, those that were given up included.
    pub(super) fn live(&self) -> usize {
        self.slots.live()
    }

    /// How many messages have come that nobody waited for.
    pub(super) fn ignored(&self) -> u64 {
        self.ignored.load(Ordering::Relaxed)
    }

    pub(super) fn open(&self, subject: Subject, alarm: Option<Instant>) -> Option<u64> {
        let alarm = self.alarms.ticks(alarm);
        let token = self.slots.open(subject, alarm)?;
        self.alarms.announce(alarm);
        Some(token)
    }

    pub(super) fn attach(&self, token: u64, flow: &Arc<Flow>) {
        self.slots.attach(token, flow);
    }

    pub(super) fn close(&self, token: u64) {
        self.slots.close(token);
    }

    pub(super) fn set_alarm(&self, token: u64, alarm: Option<Instant>) {
        let alarm = self.alarms.ticks(alarm);
        self.slots.set_alarm(token, alarm);
        self.alarms.announce(alarm);
    }

    /// Lets a call wait without its owner, until `alarm`. Returns where it went, and what nobody has read yet.
    pub(super) fn abandon(&self, token: u64, alarm: Instant) -> Option<(Subject, Mail)> {
        let alarm = self.alarms.ticks(Some(alarm));
        let left = self.slots.abandon(token, alarm);
        self.alarms.announce(alarm);
        left
    }

    pub(super) fn poll(&self, token: u64, cx: &mut Context<'_>) -> Poll<Delivery> {
        self.slots.poll(token, cx)
    }

    pub(super) fn deliver(&self, token: u64, delivery: Delivery) {
        self.slots.deliver(token, delivery);
    }

    pub(super) fn reply_subject(&self, token: u64) -> Subject {
        let mut subjects = lock(&self.subjects);
        let length = self.prefix.len() + token::TEXT_LEN;
        if subjects.capacity() < length {
            *subjects = BytesMut::with_capacity(SUBJECT_BLOCK.max(length));
        }
        subjects.extend_from_slice(self.prefix.as_bytes());
        token::write_hex(token, &mut subjects);
        Subject::from_ascii(subjects.split().freeze())
    }

    /// Gives a message to the call that waits for it. What comes for a call that was given up is returned, with its
    /// token and where the call had gone.
    pub(super) fn dispatch(&self, message: Incoming) -> Option<(u64, Subject, Delivery)> {
        let text = message.subject.as_bytes();
        let token =
            text.len().checked_sub(token::TEXT_LEN).and_then(|start| token::parse_hex(&text[start..]));
        let delivery = if message.no_responders {
            Delivery::NoResponders
        } else {
            Delivery::Message { headers: message.headers, payload: message.payload }
        };
        let reached = token.map(|token| (token, self.slots.deliver(token, delivery)));
        match reached {
            Some((_, Reached::Owner)) => None,
            Some((token, Reached::Abandoned(subject, delivery))) => Some((token, subject, delivery)),
            Some((_, Reached::Nobody)) | None => {
                self.ignored.fetch_add(1, Ordering::Relaxed);
                None
            }
        }
    }

    /// No pattern for a server, although it is below what the user may subscribe to.
    pub(super) fn malformed(&self) -> String {
        format!("{}>.mark", self.prefix)
    }

    /// Whether answers to this connection go there.
    pub(super) fn owns(&self, subject: &str) -> bool {
        subject.starts_with(&self.prefix)
    }

    /// Tells every waiting call that the connection has ended.
    pub(super) fn disconnect(&self) {
        self.slots.deliver_where(|_| Some(Delivery::Disconnected));
    }

    /// Ends the calls that were sent to `subject`, where the NATS server does not let this connection publish.
    pub(super) fn denied(&self, subject: &str) {
        self.slots.deliver_where(|own| (own.as_str() == subject).then_some(Delivery::Denied));
    }

    /// Rings alarms, for as long as it is polled.
    pub(super) async fn sweep(&self) {
        let alarms = &self.alarms;
        loop {
            // First let newcomers notify, then look: none can slip through in between.
            alarms.next.store(NEVER, Ordering::SeqCst);
            let next = self.slots.ring(alarms.ticks(Some(Instant::now())));
            alarms.next.fetch_min(next, Ordering::SeqCst);
            if next == NEVER {
                alarms.earlier.notified().await;
            } else {
                let wake = alarms.start + Duration::from_micros(next);
                tokio::select! {
                    biased;
                    () = alarms.earlier.notified() => {}
                    () = tokio::time::sleep_until(wake) => {}
                }
            }
        }
    }
}

impl Alarms {
    fn ticks(&self, at: Option<Instant>) -> u64 {
        let Some(at) = at else { return NEVER };
        let micros = at.saturating_duration_since(self.start).as_micros();
        u64::try_from(micros).unwrap_or(NEVER - 1)
    }

    /// Wakes the sweep if it would look too late.
    fn announce(&self, alarm: u64) {
        if alarm < self.next.load(Ordering::SeqCst) {
            self.next.fetch_min(alarm, Ordering::SeqCst);
            self.earlier.notify_one();
        }
    }
}
