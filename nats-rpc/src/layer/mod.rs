//! Layers for calls: tower layers over [`raw::Call`](crate::raw::Call) and [`raw::Reply`](crate::raw::Reply), for both
//! sides.

mod breaker;
mod per_method;
mod policy;

pub use self::breaker::{
    Breaker, BreakerCause, BreakerChange, BreakerFuture, BreakerHandle, BreakerLayer, BreakerState,
    CircuitHandle,
};
pub(crate) use self::per_method::PerMethod;
pub use self::policy::{CallPolicy, MethodPolicy, Policies};
