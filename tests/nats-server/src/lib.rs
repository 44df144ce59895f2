//! A real nats-server for tests: found or provisioned by [`locate`], run by [`Server`].
//!
//! Blocking and small on purpose: usable from any test, with or without an async runtime.
//!
//! ```
//! let server = nats_server::Server::start()?;
//! assert!(server.url().starts_with("nats://127.0.0.1:"));
//! # Ok::<(), nats_server::StartError>(())
//! ```

mod cache;
mod command;
mod locate;
mod process;
mod provision;
mod server;
mod signal;
mod version;

pub use cache::Cache;
pub use locate::{Binary, BinarySource, NotFound, locate};
pub use process::Process;
pub use provision::{Check, check_provisioning};
pub use server::{Builder, Server, StartError};
pub use signal::{Signal, signal};
pub use version::Version;
