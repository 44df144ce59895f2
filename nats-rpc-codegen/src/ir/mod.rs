//! Plain facts about a service; every name is resolved.

mod body;
mod documentation;
mod kind;
mod method;
mod parts;
mod policy;
mod service;

pub use body::Body;
pub use documentation::Documentation;
pub use kind::{Idempotency, Kind};
pub use method::Method;
pub use parts::{Attributes, Features, Parts};
pub use policy::{Breaker, Code, Durable, Hedge, Policy, Retry};
pub use service::{Paths, Service};
