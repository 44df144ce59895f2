//! The transport within the process: a broker that behaves as a NATS server does.
//!
//! For tests and for programs that run without a NATS server.

mod broker;

pub use self::broker::Broker;
pub(crate) use self::broker::{Link, Subscription};
