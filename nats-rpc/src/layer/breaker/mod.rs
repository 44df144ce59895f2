//! Gives the calls of a method up while nearly all of them fail.

mod backoff;
mod cause;
mod circuit;
mod circuits;
mod future;
mod gate;
mod handle;
mod layer;
mod observer;
mod outcome;
mod passage;
mod ramp;
mod reach;
mod service;
mod state;
/// What a gate is made of; a test checks it with others.
mod sync {
    pub(super) use std::sync::atomic::{AtomicU64, Ordering};
    pub(super) use std::sync::{Mutex, MutexGuard, PoisonError};
}
mod tally;
mod window;

pub use self::cause::BreakerCause;
pub use self::future::BreakerFuture;
pub use self::handle::{BreakerHandle, CircuitHandle};
pub use self::layer::BreakerLayer;
pub use self::observer::BreakerChange;
pub use self::service::Breaker;
pub use self::state::BreakerState;

#[cfg(test)]
mod interleavings;
#[cfg(test)]
mod tests;
