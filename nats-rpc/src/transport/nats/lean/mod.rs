//! A NATS connection of our own for what calls need.
//!
//! Whoever publishes writes to the socket itself, and whoever reads the inbox reads the socket: no task or channel
//! stands between. Everything else that NATS can do is left to `async-nats`.

mod commands;
mod decoder;
mod handshake;
mod info;
mod link;
mod pending;
mod pings;
mod places;
mod proof;
mod queue;
mod queues;
mod reader;
mod socket;
mod tls;
mod writer;

pub(super) use self::handshake::{Guest, Refused, Session, shake_hands};
pub(crate) use self::link::{Link, Subscription};
pub(super) use self::tls::Tls;
