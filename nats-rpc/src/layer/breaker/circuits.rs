use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::time::Instant;

use super::circuit::{Change, Circuit, Permit, Rejected};
use super::gate::Gate;
use super::observer::Observer;
use super::reach::Reach;
use super::{BreakerChange, BreakerState};
use crate::layer::{PerMethod, Policies};
use crate::raw::Reply;
use crate::spec::Method;
use crate::status::details::RetryInfo;
use crate::status::{Reason, Status};

/// The circuits of all methods that are called through a layer.
#[derive(Debug)]
pub(super) struct Circuits {
    pub(super) policies: Policies,
    pub(super) observer: Observer,
    methods: PerMethod<Arc<MethodCircuit>>,
    /// By service.
    reach: Mutex<HashMap<String, Arc<Reach>>>,
}

/// The circuit of one method.
pub(super) struct MethodCircuit {
    pub(super) method: Method,
    gate: Gate,
    reach: Arc<Reach>,
    observer: Observer,
}

impl Circuits {
    pub(super) fn new(policies: Policies, observer: Observer) -> Self {
        Self { policies, observer, methods: PerMethod::new(), reach: Mutex::default() }
    }

    pub(super) fn of(&self, method: &Method) -> &Arc<MethodCircuit> {
        self.methods.of(method, || {
            let circuit = Circuit::new(self.policies.of(method).breaker, Instant::now().into_std(), jitter);
            let (reach, observer) = (self.reach(method.service()), self.observer.clone());
            Arc::new(MethodCircuit { method: method.clone(), gate: Gate::new(circuit), reach, observer })
        })
    }

    pub(super) fn known(&self) -> impl Iterator<Item = &Arc<MethodCircuit>> {
        self.methods.known().map(|(_, circuit)| circuit)
    }

    pub(super) fn reachable(&self, service: &str) -> bool {
        let reach = self.reach.lock().unwrap_or_else(PoisonError::into_inner);
        reach.get(service).is_none_or(|reach| reach.get())
    }

    fn reach(&self, service: &str) -> Arc<Reach> {
        let mut reach = self.reach.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(reach.entry(service.to_owned()).or_insert_with(|| Arc::new(Reach::new())))
    }
}

fn jitter() -> f64 {
    rand::random_range(-1.0..=1.0)
}

impl MethodCircuit {
    /// Lets a call through that is given up at `deadline`.
    ///
    /// # Errors
    /// UNAVAILABLE when it is not let through.
    pub(super) fn admit(&self, deadline: Option<Instant>) -> Result<Permit, Status> {
        if let Some(permit) = self.gate.permit_for_all() {
            return Ok(permit);
        }
        let deadline = deadline.map(Instant::into_std);
        let admitted = self.with(|circuit, now| circuit.admit(now, deadline));
        admitted.map_err(|rejected| self.rejection(rejected))
    }

    pub(super) fn state(&self) -> BreakerState {
        self.with(|circuit, now| {
            circuit.advance(now);
            circuit.state()
        })
    }

    /// Does something with the circuit as of now.
    pub(super) fn with<T>(&self, act: impl FnOnce(&mut Circuit, std::time::Instant) -> T) -> T {
        let now = Instant::now();
        let tell = |Change { from, to, cause }| {
            self.observer.tell(&BreakerChange { method: self.method.clone(), from, to, cause });
        };
        self.gate.with(|circuit| act(circuit, now.into_std()), tell)
    }

    /// Learns whether the service can be reached.
    pub(super) fn learn(&self, result: &Result<Reply, Status>) {
        let service = self.method.service();
        match self.reach.learn(result) {
            Some(true) => tracing::info!(service, "the service can be reached again"),
            Some(false) => tracing::warn!(service, "the service can't be reached"),
            None => {}
        }
    }

    fn rejection(&self, Rejected { retry_in }: Rejected) -> Status {
        let method = &self.method;
        let status = match retry_in {
            Some(time) => Status::unavailable(format!(
                "{method} is not called, because nearly all of its calls have failed; try in {time:.1?}"
            ))
            .with_detail(&RetryInfo::after(time)),
            None => Status::unavailable(format!("{method} is not called, because it was isolated by hand")),
        };
        status.with_reason(Reason::CircuitOpen).with_not_processed().with_no_retry()
    }
}

impl fmt::Debug for MethodCircuit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MethodCircuit").field("method", &self.method).finish_non_exhaustive()
    }
}
