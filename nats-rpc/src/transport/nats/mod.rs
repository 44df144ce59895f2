//! The transport over a NATS server, on `async-nats`.

mod connect;
mod headers;
mod link;

pub use self::connect::Builder;
pub(crate) use self::link::{Link, Subscription};
