use std::sync::Arc;

use tokio::time::Instant;

use super::circuit::Permit;
use super::circuits::{Circuits, MethodCircuit};
use super::outcome::Outcome;
use crate::raw::{Call, Reply};
use crate::status::Status;

/// A call that was let through, until its circuit has learnt what it came to.
#[derive(Debug)]
pub(super) struct Passage {
    /// Until the permit has been given back.
    permit: Option<(Arc<MethodCircuit>, Permit)>,
    deadline: Option<Instant>,
}

impl Passage {
    /// Lets a call through.
    ///
    /// # Errors
    /// UNAVAILABLE when it is not let through.
    #[inline]
    pub(super) fn enter(circuits: &Circuits, call: &Call) -> Result<Self, Status> {
        // What one instance does says nothing of the group, nor does the group of one instance.
        if call.instance().is_some() {
            return Ok(Self { permit: None, deadline: None });
        }
        let circuit = circuits.of(call.method());
        let asked_for = || call.timeout().and_then(|timeout| Instant::now().checked_add(timeout));
        let deadline = call.context().deadline().or_else(asked_for);
        let permit = circuit.admit(deadline)?;
        Ok(Self { permit: Some((Arc::clone(circuit), permit)), deadline })
    }

    /// The call has come to this.
    pub(super) fn end(&mut self, result: &Result<Reply, Status>) {
        if let Some((circuit, permit)) = self.permit.take() {
            circuit.learn(result);
            circuit.with(|circuit, now| circuit.end(permit, Outcome::of(result), now));
        }
    }
}

/// Its caller has dropped it: for the service that is a failure if it had all the time that there was.
impl Drop for Passage {
    fn drop(&mut self) {
        if let Some((circuit, permit)) = self.permit.take() {
            circuit.with(|circuit, now| {
                let in_time = self.deadline.is_none_or(|deadline| now < deadline.into_std());
                let outcome = if in_time { Outcome::Nothing } else { Outcome::Failure };
                circuit.end(permit, outcome, now);
            });
        }
    }
}
