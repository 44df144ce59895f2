use std::fmt;
use std::sync::Arc;

use super::gate::Gate;
use super::learner::{End, Measure};
use crate::raw::Call;

/// The place of a call that runs. Dropping it gives the place back, or to whose turn it is.
pub(super) struct Permit {
    gate: Arc<Gate>,
    measure: Option<Measure>,
}

impl Permit {
    pub(super) fn new(gate: Arc<Gate>, measure: Option<Measure>) -> Self {
        Self { gate, measure }
    }

    /// It is for a call that has waited until now.
    pub(super) fn begin(&mut self, call: &Call) {
        self.measure = self.gate.measure(call);
    }

    /// The handler has answered: how long that took says how busy the service is.
    pub(super) fn answered(mut self) {
        self.end(End::Answered);
    }

    /// How long the call takes is not up to the service.
    pub(super) fn unmeasured(mut self) -> Self {
        self.measure = None;
        self
    }

    /// Whether the call keeps its place while it answers with a stream.
    pub(super) fn holds_streams(&self) -> bool {
        self.gate.settings.hold_streams
    }

    fn end(&mut self, end: End) {
        if let Some(measure) = self.measure.take() {
            self.gate.learn(&measure, end);
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.end(End::CutOff);
        self.gate.leave();
    }
}

impl fmt::Debug for Permit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Permit").finish_non_exhaustive()
    }
}
