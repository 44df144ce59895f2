use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::BytesMut;
use rand::distr::{Alphanumeric, SampleString};
use tokio::sync::Notify;
use tokio::time::Instant;

use super::link::Link;
use super::slots::{Mail, NEVER, Reached, Slots};
use super::{Delivery, Flow, Incoming, Sharing, lock};
use crate::subject::Subject;
use crate::wire::batch::Items;
use crate::wire::{FrameView, Kind, Refused, RefusedReason, token};

/// Reply subjects are carved out of blocks of this size.
const SUBJECT_BLOCK: usize = 8 * 1024;

/// Where everything towards this connection arrives: one wildcard subscription, and a slot for each waiting call.
pub(super) struct Inbox {
    /// `_INBOX.<connection>.`
    prefix: String,
    slots: Slots,
    subjects: Mutex<BytesMut>,
    /// Whether the link says where a call is answered that is alone in its BATCH.
    has_places: bool,
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
    /// The connection's part of the subject has 101 random bits: whoever could guess it could forge answers.
    pub(super) fn new(prefix: &str, has_places: bool) -> Self {
        let connection = Alphanumeric.sample_string(&mut rand::rng(), 17);
        Self {
            prefix: format!("{prefix}.{connection}."),
            has_places,
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

    /// These calls go in one BATCH: where what is said of all of them goes.
    pub(super) fn open_batch(&self, calls: Vec<u64>) -> Subject {
        self.reply_subject(self.slots.open_batch(calls))
    }

    /// This call shares its message with no other.
    pub(super) fn alone(&self, call: u64) -> (Option<Subject>, Sharing) {
        if self.has_places {
            (None, Sharing::Alone(Kind::Batch, call))
        } else {
            (Some(self.reply_subject(call)), Sharing::None)
        }
    }

    /// Gives a message that came by `link` to the calls that wait for it. `given_up` is told what comes for a call that
    /// nobody waits for any more: its token, and where it had gone.
    pub(super) fn dispatch(
        &self,
        message: Incoming,
        link: &Link,
        given_up: &mut impl FnMut(u64, &Subject, &Delivery),
    ) {
        if message.is_pack() {
            match Items::split(Kind::Pack, message.payload) {
                Ok(items) => items.for_each(|item| {
                    let delivery = Delivery::Message { headers: None, payload: item.frame };
                    let reached = self.slots.deliver_item(item.token, delivery);
                    if unreached(item.token, reached, given_up).is_some() {
                        self.ignore("nobody waits for it");
                    }
                }),
                Err(_) => self.ignore("a PACK whose lengths do not add up"),
            }
            return;
        }
        let Incoming { subject, headers, payload, no_responders, .. } = message;
        let Some(token) = token::of_subject(subject.as_bytes()) else { return self.ignore("no token") };
        let delivery =
            if no_responders { Delivery::NoResponders } else { Delivery::Message { headers, payload } };
        let reached = self.slots.deliver(token, delivery);
        if let Some(delivery) = unreached(token, reached, given_up) {
            let calls = self.slots.batch(token).or_else(|| self.only_call_at(token, link, &delivery));
            let Some(calls) = calls else { return self.ignore("nobody waits for it") };
            let delivery = of_each(delivery);
            for call in calls {
                unreached(call, self.slots.deliver(call, delivery.clone()), given_up);
            }
        }
    }

    /// Of which call something is said at a place that many share, if it can be of no other. What the NATS server says
    /// there has been told apart already.
    fn only_call_at(&self, place: u64, link: &Link, said: &Delivery) -> Option<Vec<u64>> {
        if !matches!(said, Delivery::Message { .. }) {
            return None;
        }
        self.slots.only_one_of(link.calls_at(place)).map(|call| vec![call])
    }

    fn ignore(&self, why: &str) {
        tracing::trace!(why, "a message is ignored");
        self.ignored.fetch_add(1, Ordering::Relaxed);
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

/// What was for a call that there is not.
fn unreached(
    token: u64,
    reached: Reached,
    given_up: &mut impl FnMut(u64, &Subject, &Delivery),
) -> Option<Delivery> {
    match reached {
        Reached::Owner => None,
        Reached::Abandoned(subject, delivery) => {
            given_up(token, &subject, &delivery);
            None
        }
        Reached::Nobody(delivery) => Some(delivery),
    }
}

/// What it means for each call of a BATCH.
fn of_each(delivery: Delivery) -> Delivery {
    let Delivery::Message { headers: None, payload } = &delivery else { return delivery };
    let refused = FrameView::split(payload).ok().filter(|frame| frame.kind == Kind::Refused as u8);
    let reason = refused.and_then(|frame| Refused::decode(frame.header).ok()).map(|refused| refused.reason);
    if reason == Some(RefusedReason::Kind) { Delivery::Unbatched } else { delivery }
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
