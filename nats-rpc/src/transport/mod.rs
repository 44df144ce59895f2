//! Moves frames: over a NATS server, or within the process.

mod audit;
mod backlog;
mod batches;
mod clock;
mod coalesce;
mod connection;
mod denial;
mod epoch;
mod event;
mod flow;
mod inbox;
mod link;
pub mod memory;
mod message;
#[cfg(feature = "nats")]
pub mod nats;
mod promises;
mod pump;
mod refusals;
mod settings;
mod sharing;
mod slab;
mod slots;
mod stats;
mod ticket;
mod wall;

use std::sync::{Mutex, MutexGuard, PoisonError};

pub(crate) use self::audit::Watch;
pub use self::connection::Connection;
pub use self::denial::{Denial, Operation};
pub(crate) use self::epoch::Epoch;
pub use self::event::Event;
pub(crate) use self::event::Events;
pub(crate) use self::flow::{Arrived, Broken, Closed, Flow, Limits, Messages, Packet, Peer, Room};
pub(crate) use self::link::Subscription;
pub(crate) use self::message::{Delivery, Headers, Incoming, Lost, Outgoing};
pub(crate) use self::settings::Settings;
pub(crate) use self::sharing::{Address, Sharing};
pub(crate) use self::slab::Slab;
pub use self::stats::Stats;
pub(crate) use self::ticket::Ticket;

/// Locks although a holder panicked: no lock here is held while anything half-done can panic.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
