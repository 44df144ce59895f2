use std::sync::Arc;

use super::BreakerState;
use super::circuit::Circuit;
use super::circuits::{Circuits, MethodCircuit};
use crate::spec::Method;

/// Shows and changes what the breakers of a [`BreakerLayer`](super::BreakerLayer) do; clones are the same.
///
/// ```
/// use nats_rpc::layer::{BreakerLayer, BreakerState};
/// use nats_rpc::{Kind, Method};
///
/// let layer = BreakerLayer::new();
/// let handle = layer.handle();
///
/// let method = Method::dynamic("greeter.v1.Greeter", "SayHello", Kind::Unary);
/// handle.circuit(&method).isolate();
/// for circuit in handle.circuits() {
///     assert_eq!(format!("{} {}", circuit.method(), circuit.state()), "/greeter.v1.Greeter/SayHello isolated");
/// }
/// handle.circuit(&method).reset();
/// assert_eq!(handle.circuit(&method).state(), BreakerState::Closed);
/// ```
#[derive(Debug, Clone)]
pub struct BreakerHandle(pub(super) Arc<Circuits>);

/// The breaker of one method, from [`BreakerHandle::circuit`]; clones are the same.
#[derive(Debug, Clone)]
pub struct CircuitHandle(Arc<MethodCircuit>);

impl BreakerHandle {
    /// The breaker of a method, whether that has been called or not.
    #[must_use]
    pub fn circuit(&self, method: &Method) -> CircuitHandle {
        CircuitHandle(Arc::clone(self.0.of(method)))
    }

    /// The breakers of all methods that have been called or asked for.
    #[must_use]
    pub fn circuits(&self) -> Vec<CircuitHandle> {
        self.0.known().map(|circuit| CircuitHandle(Arc::clone(circuit))).collect()
    }

    /// Whether the service could be reached when it was last called: `false` from a call that failed with
    /// [`NotConnected`](crate::Reason::NotConnected) or [`NoResponders`](crate::Reason::NoResponders) until one that is
    /// answered. `true` for a service that was never called.
    #[must_use]
    pub fn reachable(&self, service: &str) -> bool {
        self.0.reachable(service)
    }
}

impl CircuitHandle {
    /// Whose calls it is about.
    #[must_use]
    pub fn method(&self) -> &Method {
        &self.0.method
    }

    /// What it does with them at the moment.
    #[must_use]
    pub fn state(&self) -> BreakerState {
        self.0.state()
    }

    /// Opens it, as if too many calls had failed. It recovers by itself, so that this is a way to rehearse.
    pub fn force_open(&self) {
        self.0.with(Circuit::force_open);
    }

    /// Lets all calls through, whatever fails, until [`reset`](Self::reset).
    pub fn force_closed(&self) {
        self.0.with(Circuit::force_closed);
    }

    /// Rejects all calls until [`reset`](Self::reset), but those that are [aimed](crate::raw::Call::with_instance) at one
    /// instance.
    pub fn isolate(&self) {
        self.0.with(Circuit::isolate);
    }

    /// Closes it, and forgets everything that was counted or done by hand.
    pub fn reset(&self) {
        self.0.with(Circuit::reset);
    }
}
