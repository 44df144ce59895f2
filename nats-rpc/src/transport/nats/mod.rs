//! The transport over a NATS server, on `async-nats`.

mod attempt;
mod builder;
mod failure;
mod headers;
mod link;
mod login;
mod pool;
mod relay;
mod violation;

pub use self::builder::Builder;
pub(crate) use self::link::{Link, Subscription};
