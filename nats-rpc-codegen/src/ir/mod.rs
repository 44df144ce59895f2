//! Plain facts about a service; every name is resolved.

mod kind;
mod method;
mod policy;
mod service;

pub use kind::{Idempotency, Kind};
pub use method::Method;
pub use policy::{Breaker, Code, Durable, Hedge, Policy, Retry};
pub use service::{Parts, Paths, Service};
