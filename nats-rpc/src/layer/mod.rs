//! Layers for calls: tower layers over [`raw::Call`](crate::raw::Call) and [`raw::Reply`](crate::raw::Reply), for both
//! sides.

pub mod idempotency;
mod per_method;
mod policy;

pub use self::idempotency::IdempotencyLayer;
pub(crate) use self::per_method::PerMethod;
pub use self::policy::{CallPolicy, MethodPolicy, Policies};
