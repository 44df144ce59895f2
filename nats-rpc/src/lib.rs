//! gRPC-style RPC over NATS: typed clients and server traits.

pub mod call;
pub mod client;
pub mod codec;
#[doc(hidden)]
pub mod codegen;
pub mod metadata;
pub mod raw;
pub mod server;
pub mod spec;
pub mod status;
mod subject;
pub mod transport;
#[doc(hidden)]
pub mod wire;

pub use crate::call::{Context, IntoRequest, Request, Response, Streaming, spawn};
pub use crate::client::Channel;
pub use crate::metadata::{InvalidMetadata, Metadata};
pub use crate::raw::CallService;
pub use crate::server::Server;
pub use crate::spec::{Idempotency, Kind, Method, ServiceSpec, Spec};
pub use crate::status::{Code, OrStatus, Origin, Status, details};
pub use crate::transport::Connection;
#[cfg(feature = "macros")]
pub use nats_rpc_macros::service;

/// Includes the code that was generated from the `.proto` files of a package.
///
/// ```text
/// pub mod greeter {
///     nats_rpc::include_proto!("greeter.v1");
/// }
/// ```
#[macro_export]
macro_rules! include_proto {
    ($package:tt) => {
        include!(concat!(env!("OUT_DIR"), "/", $package, ".rs"));
    };
}
