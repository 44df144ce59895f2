//! Serves implementations of generated traits.

mod builder;
mod discovery;
mod dispatch;
mod drain;
mod handler;
mod instance;
mod mount;
mod plain;
mod reader;
mod serve;
mod signal;
mod stats;

pub use self::builder::{Builder, Server};
pub use self::handler::HandlerFuture;
pub(crate) use self::handler::{handle_unary, unimplemented};
pub use self::mount::{Mount, Route, RpcService};
pub use self::serve::Handle;
pub use self::signal::{ctrl_c, shutdown_signal, terminate};
