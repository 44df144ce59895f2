//! Serves implementations of generated traits.

mod beginning;
mod builder;
mod calls;
mod control;
mod discovery;
mod dispatch;
mod drain;
mod ejection;
mod first_poll;
mod handle;
mod handler;
mod instance;
mod layers;
mod membership;
mod mount;
mod pending;
mod plain;
mod reader;
mod running;
mod serve;
mod session;
mod signal;
mod stats;
mod streamed;

pub use self::builder::{Builder, Server};
pub use self::calls::Stats;
pub use self::ejection::{Ejection, Standing};
pub use self::handle::Handle;
pub use self::handler::HandlerFuture;
pub(crate) use self::handler::{
    handle_bidi_streaming, handle_client_streaming, handle_server_streaming, handle_unary, not_implemented,
    unimplemented,
};
pub use self::mount::{Mount, Route, RpcService};
pub use self::signal::{ctrl_c, shutdown_signal, terminate};
pub use crate::raw::Imports;
