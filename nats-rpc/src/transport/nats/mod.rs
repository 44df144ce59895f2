//! The transport over a NATS server.

mod attempt;
mod builder;
mod client;
mod failure;
mod headers;
mod lean;
mod link;
mod login;
mod pool;
mod relay;
mod violation;

pub use self::builder::Builder;
pub(crate) use self::link::{Link, Subscription};
