//! Plain facts about a service; every name is resolved.

mod kind;
mod method;
mod service;

pub use kind::{Idempotency, Kind};
pub use method::Method;
pub use service::{Parts, Paths, Service};
