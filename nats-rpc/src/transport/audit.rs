//! What became of the calls that an instance has accepted: asked of the instance, again and again, for as long as
//! there are any.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::BytesMut;
use tokio::time::Instant;

use super::{Delivery, Epoch, Lost, Outgoing, Ticket, lock};
use crate::subject::{self, Port, Subject};
use crate::wire::{Cancel, Fixed64, Frame, Kind, MAX_AUDIT, Numbers, Ping, Pong};

/// A PING goes to each instance so often, times the number of instances, within these bounds.
const INTERVAL_PER_INSTANCE: Duration = Duration::from_millis(50);
const SHORTEST_INTERVAL: Duration = Duration::from_millis(100);
const LONGEST_INTERVAL: Duration = Duration::from_secs(5);
/// A call is listed in the first PING after it was accepted, and then so often.
const LIST_AGAIN: Duration = Duration::from_secs(5);
/// An instance that says nothing for so long is taken for dead: so many intervals, so long, so many round trips.
const SILENT_INTERVALS: u32 = 3;
const SHORTEST_SILENCE: Duration = Duration::from_millis(800);
const SILENT_ROUND_TRIPS: u32 = 4;
/// Nobody listens at an instance's subjects while it connects again, so one such answer proves nothing.
const GONE_AFTER: Duration = Duration::from_millis(250);

/// The accepted calls of one connection, by the instance that has them.
#[derive(Default)]
pub(super) struct Audit {
    instances: Mutex<Instances>,
    active: AtomicUsize,
}

#[derive(Default)]
struct Instances {
    /// By the subject that their PINGs go to.
    by_subject: BTreeMap<String, Arc<Instance>>,
    /// The connection has ended: nothing is asked any more.
    ended: bool,
}

struct Instance {
    name: String,
    /// Where CANCELs go.
    calls_at: Subject,
    /// Where PINGs go.
    audit_at: Subject,
    state: Mutex<State>,
}

struct State {
    calls: BTreeMap<u64, Accepted>,
    srtt: Duration,
}

struct Accepted {
    token: u64,
    listed: Option<Instant>,
}

/// An accepted call, watched until this is dropped. Unless it has ended by then, the instance is told to stop it.
pub(crate) struct Watch {
    epoch: Arc<Epoch>,
    instance: Arc<Instance>,
    handle: u64,
    ended: bool,
}

impl Watch {
    /// Watches the call that waits at `ticket`, and that `instance` of the service below `prefix` has accepted under
    /// `handle`.
    pub(crate) fn start(ticket: &Ticket, prefix: &str, instance: &str, handle: u64, srtt: Duration) -> Self {
        let epoch = Arc::clone(ticket.epoch());
        let accepted = Accepted { token: ticket.token(), listed: None };
        let instance = epoch.audit().add(&epoch, prefix, instance, |state| {
            state.srtt = srtt;
            state.calls.insert(handle, accepted);
        });
        Self { epoch, instance, handle, ended: false }
    }

    /// The instance's id.
    pub(crate) fn instance(&self) -> &str {
        &self.instance.name
    }

    /// The instance has nothing to do any more for this call.
    pub(crate) fn end(&mut self) {
        self.ended = true;
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        lock(&self.instance.state).calls.remove(&self.handle);
        if !self.ended {
            self.epoch.send_cancel(&self.instance.calls_at, &[self.handle]);
        }
    }
}

impl Audit {
    fn add(
        &self,
        epoch: &Arc<Epoch>,
        prefix: &str,
        name: &str,
        change: impl FnOnce(&mut State),
    ) -> Arc<Instance> {
        let audit_at = subject::of_instance(prefix, name, Port::Audit);
        let mut instances = lock(&self.instances);
        if let Some(instance) = instances.by_subject.get(audit_at.as_str()) {
            change(&mut lock(&instance.state));
            return Arc::clone(instance);
        }
        let mut state = State { calls: BTreeMap::new(), srtt: Duration::ZERO };
        change(&mut state);
        let instance = Arc::new(Instance {
            name: name.to_owned(),
            calls_at: subject::of_instance(prefix, name, Port::Calls),
            audit_at,
            state: Mutex::new(state),
        });
        if !instances.ended {
            let key = instance.audit_at.as_str().to_owned();
            instances.by_subject.insert(key, Arc::clone(&instance));
            self.active.fetch_add(1, Ordering::Relaxed);
            epoch.spawn(ask(Arc::clone(epoch), Arc::clone(&instance)));
        }
        instance
    }

    /// Forgets an instance without calls. `false`: it has some.
    fn forget_idle(&self, instance: &Instance) -> bool {
        let mut instances = lock(&self.instances);
        // A call is added under this lock, so none can come in between.
        let idle = lock(&instance.state).calls.is_empty();
        if idle && instances.by_subject.remove(instance.audit_at.as_str()).is_some() {
            self.active.fetch_sub(1, Ordering::Relaxed);
        }
        idle
    }

    fn interval(&self) -> Duration {
        let instances = u32::try_from(self.active.load(Ordering::Relaxed)).unwrap_or(u32::MAX);
        INTERVAL_PER_INSTANCE.saturating_mul(instances).clamp(SHORTEST_INTERVAL, LONGEST_INTERVAL)
    }

    /// How many calls are accepted and have not ended.
    pub(super) fn accepted(&self) -> usize {
        lock(&self.instances).by_subject.values().map(|instance| lock(&instance.state).calls.len()).sum()
    }

    /// Ends with the connection. Returns the calls that nobody waits for any more, and where to say so.
    pub(super) fn end(&self) -> Vec<(Subject, Vec<u64>)> {
        let mut instances = lock(&self.instances);
        instances.ended = true;
        self.active.store(0, Ordering::Relaxed);
        let given_up = |instance: Arc<Instance>| {
            let handles: Vec<u64> = lock(&instance.state).calls.keys().copied().collect();
            (!handles.is_empty()).then(|| (instance.calls_at.clone(), handles))
        };
        std::mem::take(&mut instances.by_subject).into_values().filter_map(given_up).collect()
    }
}

/// Asks an instance after its calls, until it has none.
async fn ask(epoch: Arc<Epoch>, instance: Arc<Instance>) {
    // Fails only with the connection, and then every call is told so.
    let Ok(ticket) = Ticket::open(&epoch, instance.audit_at.clone(), None) else { return };
    let mut heard = Instant::now();
    let mut missing_since = None;
    let mut next = heard + epoch.audit().interval();
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
                } else if now - heard > instance.silence(interval) {
                    instance.lose_all(&epoch, Lost::Silent);
                }
                epoch.send_control(instance.ping(&epoch, now, interval, ticket.reply_subject()));
                next = now + interval;
            }
            Delivery::Denied => {
                tracing::warn!(subject = %instance.audit_at, "may not publish: accepted calls are not watched");
                return;
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

    /// A PING that lists the calls that have not been listed for long.
    fn ping(&self, epoch: &Epoch, now: Instant, interval: Duration, reply: Subject) -> Outgoing {
        let mut state = lock(&self.state);
        let due = |call: &Accepted| call.listed.is_none_or(|listed| now - listed >= LIST_AGAIN);
        let mut handles = Vec::new();
        for (handle, call) in state.calls.iter_mut().filter(|(_, call)| due(call)).take(MAX_AUDIT) {
            call.listed = Some(now);
            handles.push(*handle);
        }
        drop(state);
        // Unary calls move no credit.
        let zeros = vec![0; handles.len()];
        let ping = Ping {
            interval_ms: u32::try_from(interval.as_millis()).unwrap_or(u32::MAX),
            handles: Numbers::from_slice(&handles),
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
        let Ok(frame) = Frame::split(payload) else { return false };
        if Kind::from_byte(frame.kind) != Some(Kind::Pong) {
            return false;
        }
        let Ok(pong) = Pong::decode(&frame.header) else { return false };
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
        let lost = std::mem::take(&mut lock(&self.state).calls);
        lost.into_values().for_each(|call| epoch.inbox().deliver(call.token, Delivery::Lost(why)));
    }
}

/// The frame that gives calls up.
pub(super) fn cancel(handles: &[u64]) -> bytes::Bytes {
    let mut frame = BytesMut::new();
    Cancel { handles: Numbers::from_slice(handles) }.encode(&mut frame).expect("so few handles fit");
    frame.freeze()
}
