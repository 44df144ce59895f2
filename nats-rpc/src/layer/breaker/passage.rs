use std::sync::Arc;

use tokio::time::Instant;

use super::circuit::Permit;
use super::circuits::MethodCircuit;
use super::outcome::Outcome;
use crate::raw::{Call, Reply};
use crate::status::Status;

/// A call that was let through, until its circuit has learnt what it came to.
#[derive(Debug)]
pub(super) struct Passage {
    circuit: Arc<MethodCircuit>,
    /// Until it has been given back.
    permit: Option<Permit>,
    deadline: Option<Instant>,
}

impl Passage {
    /// Lets a call through.
    ///
    /// # Errors
    /// UNAVAILABLE when it is not let through.
    pub(super) fn enter(circuit: Arc<MethodCircuit>, call: &Call) -> Result<Self, Status> {
        let asked_for = || call.timeout().and_then(|timeout| Instant::now().checked_add(timeout));
        let deadline = call.context().deadline().or_else(asked_for);
        let permit = circuit.admit(deadline)?;
        Ok(Self { circuit, permit: Some(permit), deadline })
    }

    pub(super) fn end(mut self, result: &Result<Reply, Status>) {
        self.circuit.learn(result);
        self.record(Outcome::of(result), Instant::now());
    }

    fn record(&mut self, outcome: Outcome, now: Instant) {
        if let Some(permit) = self.permit.take() {
            self.circuit.with_at(now, |circuit, now| circuit.end(permit, outcome, now));
        }
    }
}

/// Its caller has dropped it: for the service that is a failure if it had all the time that there was.
impl Drop for Passage {
    fn drop(&mut self) {
        if self.permit.is_some() {
            let now = Instant::now();
            let in_time = self.deadline.is_none_or(|deadline| now < deadline);
            self.record(if in_time { Outcome::Nothing } else { Outcome::Failure }, now);
        }
    }
}
