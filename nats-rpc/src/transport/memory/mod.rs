//! The transport within the process: a broker that behaves as a NATS server does, or a cluster of them.
//!
//! For tests and for programs that run without a NATS server. Unless told otherwise it delivers at once and loses
//! nothing. A test can give it accounts, nodes and latency, and break it on purpose:
//!
//! | what | how |
//! |---|---|
//! | the same choices and faults again | [`Broker::seeded`] |
//! | a connection's account, node, clock, latency, name, largest payload | [`Options`] |
//! | services of other accounts | [`Broker::import`], [`Export`] |
//! | a route between two nodes that swallows everything | [`Broker::cut_route`] |
//! | a process that is stopped and goes on later | [`Broker::freeze`] |
//! | a process that nothing reaches and nothing leaves | [`Broker::partition`] |
//! | a connection that ends | [`Broker::disconnect`], [`Broker::stop`] |
//! | messages lost, doubled, late or out of order | [`Faults`] |
//! | taps, forgers and strange responders | [`Client`] |
//!
//! All of it moves with tokio's time. With `#[tokio::test(start_paused = true)]` and a seed a whole system of clients
//! and servers is simulated in no time.
//!
//! ```
//! use std::time::Duration;
//! use nats_rpc::transport::memory::{Broker, Faults, Options};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), nats_rpc::Status> {
//! let broker = Broker::seeded(7);
//! let far = Options::new().name("server").node("b").latency(Duration::from_millis(75));
//! let server_side = broker.connect_with(far).await?;
//! let client_side = broker.connect_with(Options::new().name("client").node("a")).await?;
//! broker.add_faults(Faults::new().on("svc.>").lose(0.1).duplicate(0.05));
//! broker.freeze("server");
//! broker.thaw("server");
//! # Ok(())
//! # }
//! ```

mod account;
mod broker;
mod client;
mod control;
mod delays;
mod delivery;
mod export;
mod faults;
mod interest;
mod link;
mod options;
mod peer;
mod replies;
mod state;
#[cfg(test)]
mod tests;

pub use self::broker::Broker;
pub use self::client::{Client, Message, Subscriber};
pub use self::export::{Export, Response};
pub use self::faults::Faults;
pub(crate) use self::link::{Link, Subscription};
pub use self::options::Options;
