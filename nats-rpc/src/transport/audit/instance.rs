use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::BytesMut;
use tokio::time::Instant;

use crate::subject::Subject;
use crate::transport::{Delivery, Epoch, Flow, Lost, Outgoing, Ticket, lock};
use crate::wire::{AuditEntry, Fixed64, FrameView, Kind, MAX_AUDIT, Numbers, Ping, Pong, token};

/// A call is listed in the first PING after it was accepted, and then so often.
const LIST_AGAIN: Duration = Duration::from_secs(5);
/// An instance that says nothing for so long is taken for dead: so many intervals, so long, so many round trips.
const SILENT_INTERVALS: u32 = 3;
const SHORTEST_SILENCE: Duration = Duration::from_millis(800);
const SILENT_ROUND_TRIPS: u32 = 4;
/// Nobody listens at an instance's subjects while it connects again, so one such answer proves nothing.
const GONE_AFTER: Duration = Duration::from_millis(250);

/// An instance that has accepted calls of this connection.
pub(super) struct Instance {
    pub(super) name: String,
    /// Where CANCELs go.
    pub(super) calls_at: Subject,
    /// Where PINGs go.
    pub(super) audit_at: Subject,
    pub(super) state: Mutex<State>,
}

#[derive(Default)]
pub(super) struct State {
    /// By their handles.
    pub(super) calls: BTreeMap<u64, Accepted>,
    pub(super) srtt: Duration,
}

pub(super) struct Accepted {
    pub(super) token: u64,
    /// When the instance was last asked after it.
    listed: Option<Instant>,
    /// In a box, since most calls are none.
    stream: Option<Box<Stream>>,
}

struct Stream {
    flow: Arc<Flow>,
    /// What was known of it when it was last looked at.
    known: AuditEntry,
    /// Whether that had changed since the time before.
    moved: bool,
}

impl Accepted {
    pub(super) fn new(token: u64) -> Self {
        Self { token, listed: None, stream: None }
    }

    /// It is a stream.
    pub(super) fn attach(&mut self, flow: Arc<Flow>) {
        self.stream = Some(Box::new(Stream { flow, known: AuditEntry::default(), moved: false }));
    }

    pub(super) fn flow(&self) -> Option<&Arc<Flow>> {
        self.stream.as_ref().map(|stream| &stream.flow)
    }

    /// Looks at it. Whether it has received something since the last time, and what is to be asked after: it is time when
    /// it has just fallen quiet, or was not asked after for long.
    fn look(&mut self, handle: u64, now: Instant) -> (bool, Option<AuditEntry>) {
        let is_unlisted = self.is_unlisted(now);
        let Some(stream) = &mut self.stream else {
            let entry = AuditEntry { handle, ..AuditEntry::default() };
            return (false, is_unlisted.then_some(entry));
        };
        let (before, known) = (stream.known, stream.flow.entry(handle));
        let fell_quiet = stream.moved && known == before;
        stream.known = known;
        stream.moved = known != before;
        let is_due = (fell_quiet || is_unlisted) && !stream.flow.is_over();
        (known.received != before.received, is_due.then_some(known))
    }

    fn is_unlisted(&self, now: Instant) -> bool {
        self.listed.is_none_or(|listed| now - listed >= LIST_AGAIN)
    }
}

/// Asks an instance after its calls, until it has none.
pub(super) async fn ask(epoch: Arc<Epoch>, instance: Arc<Instance>) {
    // Fails only with the connection, and then every call is told so.
    let Ok(ticket) = Ticket::open(Arc::clone(&epoch), instance.audit_at.clone(), None) else { return };
    let mut heard = Instant::now();
    let mut missing_since = None;
    // That of the last PING: with fewer instances the next one may be shorter.
    let mut asked = epoch.audit().interval();
    let mut next = heard + asked;
    loop {
        ticket.set_alarm(Some(next));
        let delivery = ticket.recv().await;
        let now = Instant::now();
        match delivery {
            Delivery::Message { payload, .. } => {
                if instance.pong(&epoch, &payload) {
                    heard = now;
                    missing_since = None;
                }
            }
            Delivery::NoResponders => {
                let since = *missing_since.get_or_insert(now);
                if now - since >= GONE_AFTER {
                    instance.lose_all(&epoch, Lost::Gone);
                }
            }
            Delivery::Alarm => {
                if epoch.audit().forget_idle(&instance) {
                    return;
                }
                let interval = epoch.audit().interval();
                let (received, due) = instance.look(now);
                if received || now > next + interval {
                    // Or it was this process that stood still, and answers may lie here unread.
                    heard = now;
                } else if now - heard > instance.silence(asked.max(interval)) {
                    instance.lose_all(&epoch, Lost::Silent);
                }
                let mut lists = due.chunks(MAX_AUDIT);
                let mut list = lists.next().unwrap_or_default();
                loop {
                    // In order with what was sent.
                    epoch.send_stream(instance.ping(&epoch, interval, list, ticket.reply_subject()));
                    let Some(next) = lists.next() else { break };
                    list = next;
                }
                asked = interval;
                next = now + interval;
            }
            Delivery::Denied => {
                tracing::warn!(subject = %instance.audit_at, "may not publish: accepted calls are not watched");
                return epoch.audit().forget(&instance);
            }
            Delivery::Disconnected | Delivery::Lost(_) | Delivery::Unbatched => return,
        }
    }
}

impl Instance {
    fn silence(&self, interval: Duration) -> Duration {
        let round_trips = lock(&self.state).srtt * SILENT_ROUND_TRIPS;
        (interval * SILENT_INTERVALS).max(SHORTEST_SILENCE).max(round_trips)
    }

    /// Looks at all calls. Whether one of them has received something, and those that are to be asked after.
    fn look(&self, now: Instant) -> (bool, Vec<AuditEntry>) {
        let mut any_received = false;
        let mut due = Vec::new();
        for (handle, call) in &mut lock(&self.state).calls {
            let (received, entry) = call.look(*handle, now);
            any_received |= received;
            if let Some(entry) = entry {
                call.listed = Some(now);
                due.push(entry);
            }
        }
        (any_received, due)
    }

    fn ping(&self, epoch: &Epoch, interval: Duration, calls: &[AuditEntry], reply: Subject) -> Outgoing {
        let column = |of: fn(&AuditEntry) -> u64| calls.iter().map(of).collect::<Vec<_>>();
        let (handles, sent) = (column(|call| call.handle), column(|call| call.sent));
        let (received, credit) = (column(|call| call.received), column(|call| call.credit));
        let ping = Ping {
            interval_ms: u32::try_from(interval.as_millis()).unwrap_or(u32::MAX),
            handles: Numbers::from_slice(&handles),
            sent: Numbers::from_slice(&sent),
            received: Numbers::from_slice(&received),
            credit: Numbers::from_slice(&credit),
            connection: epoch.name(),
            ..Ping::default()
        };
        let mut frame = BytesMut::new();
        ping.encode(&mut frame).expect("so few calls fit");
        Outgoing::question(self.audit_at.clone(), reply, frame.freeze())
    }

    /// Draws the consequences of an answer. `false`: it is none.
    fn pong(&self, epoch: &Epoch, payload: &bytes::Bytes) -> bool {
        let Ok(frame) = FrameView::split(payload) else { return false };
        if Kind::from_byte(frame.kind) != Some(Kind::Pong) {
            return false;
        }
        let Ok(pong) = Pong::decode(frame.header) else { return false };
        self.lose(epoch, pong.unknown.clone(), Lost::Forgotten);
        let state = lock(&self.state);
        for entry in pong.entries() {
            if let Some(flow) = state.calls.get(&entry.handle).and_then(Accepted::flow) {
                flow.audit(&entry);
            }
        }
        let orphans: Vec<u64> = pong.unlisted.filter(|handle| !state.calls.contains_key(handle)).collect();
        drop(state);
        if !orphans.is_empty() {
            epoch.send_cancel(&self.calls_at, &orphans);
        }
        true
    }

    fn lose(&self, epoch: &Epoch, handles: Numbers<'_, Fixed64>, why: Lost) {
        let mut state = lock(&self.state);
        let lost: Vec<Accepted> = handles.filter_map(|handle| state.calls.remove(&handle)).collect();
        drop(state);
        lost.into_iter().for_each(|call| epoch.inbox().deliver(call.token, Delivery::Lost(why)));
    }

    fn lose_all(&self, epoch: &Epoch, why: Lost) {
        let mut lost: Vec<_> = std::mem::take(&mut lock(&self.state).calls).into_values().collect();
        // In the order of their slots: handles are random.
        lost.sort_by_key(|call| token::slot(call.token));
        lost.into_iter().for_each(|call| epoch.inbox().deliver(call.token, Delivery::Lost(why)));
    }
}
