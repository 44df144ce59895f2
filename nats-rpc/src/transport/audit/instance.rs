use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::BytesMut;
use tokio::time::Instant;

use crate::subject::Subject;
use crate::transport::{Delivery, Epoch, Lost, Outgoing, Ticket, lock};
use crate::wire::{Fixed64, FrameView, Kind, MAX_AUDIT, Numbers, Ping, Pong, token};

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
    pub(super) listed: Option<Instant>,
}

/// Asks an instance after its calls, until it has none.
pub(super) async fn ask(epoch: Arc<Epoch>, instance: Arc<Instance>) {
    // Fails only with the connection, and then every call is told so.
    let Ok(ticket) = Ticket::open(&epoch, instance.audit_at.clone(), None) else { return };
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
                if now > next + interval {
                    // It was this process that stood still; answers may lie here unread.
                    heard = now;
                } else if now - heard > instance.silence(asked.max(interval)) {
                    instance.lose_all(&epoch, Lost::Silent);
                }
                let mut more = true;
                while more {
                    let handles = instance.to_list(now);
                    more = handles.len() == MAX_AUDIT;
                    epoch.send_control(instance.ping(&epoch, interval, &handles, ticket.reply_subject()));
                }
                asked = interval;
                next = now + interval;
            }
            Delivery::Denied => {
                tracing::warn!(subject = %instance.audit_at, "may not publish: accepted calls are not watched");
                return epoch.audit().forget(&instance);
            }
            Delivery::Disconnected | Delivery::Lost(_) => return,
        }
    }
}

impl Instance {
    fn silence(&self, interval: Duration) -> Duration {
        let round_trips = lock(&self.state).srtt * SILENT_ROUND_TRIPS;
        (interval * SILENT_INTERVALS).max(SHORTEST_SILENCE).max(round_trips)
    }

    /// The calls that have not been listed for long, as many as fit into one PING.
    fn to_list(&self, now: Instant) -> Vec<u64> {
        let mut state = lock(&self.state);
        let due = |call: &Accepted| call.listed.is_none_or(|listed| now - listed >= LIST_AGAIN);
        let calls = state.calls.iter_mut().filter(|(_, call)| due(call)).take(MAX_AUDIT);
        let list = |(handle, call): (&u64, &mut Accepted)| {
            call.listed = Some(now);
            *handle
        };
        calls.map(list).collect()
    }

    fn ping(&self, epoch: &Epoch, interval: Duration, handles: &[u64], reply: Subject) -> Outgoing {
        // Unary calls move no credit.
        let zeros = vec![0; handles.len()];
        let ping = Ping {
            interval_ms: u32::try_from(interval.as_millis()).unwrap_or(u32::MAX),
            handles: Numbers::from_slice(handles),
            sent: Numbers::from_slice(&zeros),
            received: Numbers::from_slice(&zeros),
            credit: Numbers::from_slice(&zeros),
            connection: epoch.name(),
            ..Ping::default()
        };
        let mut frame = BytesMut::new();
        ping.encode(&mut frame).expect("so few calls fit");
        Outgoing {
            subject: self.audit_at.clone(),
            reply: Some(reply),
            headers: None,
            payload: frame.freeze(),
        }
    }

    /// Draws the consequences of an answer. `false`: it is none.
    fn pong(&self, epoch: &Epoch, payload: &bytes::Bytes) -> bool {
        let Ok(frame) = FrameView::split(payload) else { return false };
        if Kind::from_byte(frame.kind) != Some(Kind::Pong) {
            return false;
        }
        let Ok(pong) = Pong::decode(frame.header) else { return false };
        self.lose(epoch, pong.unknown, Lost::Forgotten);
        let state = lock(&self.state);
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
