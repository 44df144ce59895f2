//! What became of the calls that an instance has accepted: asked of the instance, again and again, for as long as
//! there are any.

mod instance;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::BytesMut;

use self::instance::{Accepted, Instance, State, ask};
use super::{Broken, Delivery, Denial, Epoch, Flow, Lost, Ticket, lock};
use crate::subject::{self, Port, Subject};
use crate::wire::{Cancel, Numbers};

/// A PING goes to each instance so often, times the number of instances, within these bounds.
const INTERVAL_PER_INSTANCE: Duration = Duration::from_millis(50);
const SHORTEST_INTERVAL: Duration = Duration::from_millis(100);
const LONGEST_INTERVAL: Duration = Duration::from_secs(5);

/// The accepted calls of one connection, by the instance that has them.
#[derive(Default)]
pub(super) struct Audit {
    instances: Mutex<Instances>,
}

#[derive(Default)]
struct Instances {
    /// By the subject that their PINGs go to.
    by_subject: BTreeMap<String, Arc<Instance>>,
    /// The connection has ended: nothing is asked any more.
    ended: bool,
}

/// An accepted call, watched until this is dropped. Unless it has ended by then, the instance is told to stop it.
pub(crate) struct Watch {
    epoch: Arc<Epoch>,
    instance: Arc<Instance>,
    handle: u64,
    token: u64,
    ended: bool,
}

impl Watch {
    /// Watches the call that waits at `ticket`, and that `instance` of the service below `prefix` has accepted under
    /// `handle`.
    pub(crate) fn start(ticket: &Ticket, prefix: &str, instance: &str, handle: u64, srtt: Duration) -> Self {
        let epoch = Arc::clone(ticket.epoch());
        let token = ticket.token();
        let mut other = None;
        let instance = epoch.audit().add(&epoch, prefix, instance, |state| {
            state.srtt = srtt;
            other = state.calls.insert(handle, Accepted::new(token));
        });
        // An instance that gives a handle twice can no longer be asked after the first call.
        if let Some(other) = other {
            epoch.inbox().deliver(other.token, Delivery::Lost(Lost::Forgotten));
        }
        Self { epoch, instance, handle, token, ended: false }
    }

    /// The instance's id.
    pub(crate) fn instance(&self) -> &str {
        &self.instance.name
    }

    /// The call is a stream, whose frames are compared with what the instance knows of them.
    pub(crate) fn attach(&self, flow: &Arc<Flow>) {
        if let Some(call) = lock(&self.instance.state).calls.get_mut(&self.handle) {
            call.attach(Arc::clone(flow));
        }
    }

    /// Where the instance takes frames of its calls.
    pub(crate) fn calls_at(&self) -> &Subject {
        &self.instance.calls_at
    }

    /// The instance has nothing to do any more for this call.
    pub(crate) fn end(&mut self) {
        self.ended = true;
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let mut state = lock(&self.instance.state);
        if state.calls.get(&self.handle).is_some_and(|call| call.token == self.token) {
            state.calls.remove(&self.handle);
        }
        drop(state);
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
        let mut state = State::default();
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
            epoch.spawn(ask(Arc::clone(epoch), Arc::clone(&instance)));
        }
        instance
    }

    /// Forgets an instance without calls. `false`: it has some.
    fn forget_idle(&self, instance: &Instance) -> bool {
        let mut instances = lock(&self.instances);
        // A call is added under this lock, so none can come in between.
        let idle = lock(&instance.state).calls.is_empty();
        if idle {
            instances.by_subject.remove(instance.audit_at.as_str());
        }
        idle
    }

    /// Forgets an instance that can't be asked, though not its calls.
    fn forget(&self, instance: &Instance) {
        lock(&self.instances).by_subject.remove(instance.audit_at.as_str());
    }

    /// Ends the streams whose frames the NATS server does not let through.
    pub(super) fn denied(&self, denial: &Denial) {
        let instances = lock(&self.instances);
        let concerned = instances.by_subject.values().filter(|own| own.calls_at.as_str() == denial.subject);
        for instance in concerned {
            let state = lock(&instance.state);
            let flows = state.calls.values().filter_map(Accepted::flow);
            flows.for_each(|flow| flow.break_off(Broken::Writer(denial.status())));
        }
    }

    fn interval(&self) -> Duration {
        let instances = u32::try_from(lock(&self.instances).by_subject.len()).unwrap_or(u32::MAX);
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
        let given_up = |instance: Arc<Instance>| {
            let handles: Vec<u64> = lock(&instance.state).calls.keys().copied().collect();
            (!handles.is_empty()).then(|| (instance.calls_at.clone(), handles))
        };
        std::mem::take(&mut instances.by_subject).into_values().filter_map(given_up).collect()
    }
}

/// The frame that gives calls up.
pub(super) fn cancel(handles: &[u64]) -> bytes::Bytes {
    let mut frame = BytesMut::new();
    Cancel { handles: Numbers::from_slice(handles) }.encode(&mut frame).expect("so few handles fit");
    frame.freeze()
}
