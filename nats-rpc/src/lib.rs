//! gRPC-style RPC over NATS: typed clients and server traits, from a `.proto` or from a Rust trait.
//!
//! ```
//! use nats_rpc::transport::memory::Broker;
//! use nats_rpc::{Channel, Request, Response, Server, Status};
//!
//! # #[cfg(feature = "macros")]
//! #[nats_rpc::service(package = "greeter.v1")]
//! pub trait Greeter {
//!     async fn say_hello(&self, request: Request<String>) -> Result<Response<String>, Status>;
//! }
//!
//! struct MyGreeter;
//!
//! # #[cfg(feature = "macros")]
//! impl Greeter for MyGreeter {
//!     async fn say_hello(&self, request: Request<String>) -> Result<Response<String>, Status> {
//!         Ok(format!("Hello, {}!", request.get_ref()).into())
//!     }
//! }
//!
//! # #[cfg(feature = "macros")]
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Status> {
//! // Within the process here; `Connection::connect("nats://localhost:4222")` goes over a NATS server.
//! let broker = Broker::new();
//! let server =
//!     Server::builder().add_service(GreeterServer::new(MyGreeter)).start(broker.connect().await?).await?;
//!
//! let greeter = GreeterClient::new(Channel::new(broker.connect().await?));
//! let reply = greeter.say_hello("Ada".to_owned()).await?;
//! assert_eq!(reply.get_ref(), "Hello, Ada!");
//!
//! server.shutdown().await;
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "macros"))]
//! # fn main() {}
//! ```
//!
//! # Where to start
//!
//! - A service from a `.proto`: the crate `nats-rpc-build` in `build.rs`, and [`include_proto!`] where the code goes.
//! - A service from a Rust trait: the attribute [`service`](macro@service).
//! - Serving: [`Server`], [`Connection`]. Calling: the generated client on a [`Channel`], and [`client::Unary`] for what
//!   can be said of one call.
//! - What both sides exchange: [`Request`], [`Response`], [`Metadata`], [`Status`], [`Context`].
//! - What becomes of calls when instances fail, hang or have too much to do: [`layer`].
//! - Calls without types, for layers, gateways and tools: [`raw`].
//!
//! # Features
//!
//! | feature | what it brings | default |
//! |---|---|---|
//! | `nats` | the transport over a NATS server, on `async-nats` | yes |
//! | `macros` | [`service`](macro@service) | yes |
//! | `jetstream` | [memory of calls](layer::idempotency) in JetStream, for all instances of a service | no |
//! | `gzip`, `zstd` | [compression](raw::Compression) of messages | no |
//! | `rate-limit` | [limits of rates](layer::RateLimitLayer), on `governor` | no |
//! | `json` | proto JSON for calls of plain NATS clients, JSON messages for services from a Rust trait | no |

#![cfg_attr(
    not(all(feature = "jetstream", feature = "macros", feature = "nats", feature = "rate-limit")),
    allow(rustdoc::broken_intra_doc_links, reason = "what is left out is described all the same")
)]

pub mod call;
pub mod client;
pub mod codec;
#[doc(hidden)]
pub mod codegen;
pub mod layer;
pub mod metadata;
pub mod raw;
pub mod server;
pub mod spec;
pub mod status;
mod subject;
pub mod transport;
#[doc(hidden)]
pub mod wire;

pub use crate::call::{
    Context, IntoRequest, IntoStreamingRequest, Priority, Request, Response, Streaming, spawn,
};
pub use crate::client::Channel;
pub use crate::metadata::{InvalidMetadata, Metadata};
pub use crate::raw::{CallService, Compression};
pub use crate::server::Server;
pub use crate::spec::{Idempotency, Kind, Method, ServiceSpec, Spec};
pub use crate::status::{Code, CodeSet, OrStatus, Origin, Pushback, Reason, Status, details};
pub use crate::transport::Connection;
pub use http::Extensions;
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

/// The guide's code, compiled and run as doc tests.
#[cfg(all(doctest, feature = "macros"))]
mod guide {
    #[doc = include_str!("../../docs/guide/calls.md")]
    mod calls {}
    #[doc = include_str!("../../docs/guide/code-first.md")]
    mod code_first {}
    #[cfg(feature = "nats")]
    #[doc = include_str!("../../docs/guide/connections.md")]
    mod connections {}
    #[doc = include_str!("../../docs/guide/errors.md")]
    mod errors {}
    #[doc = include_str!("../../docs/guide/resilience.md")]
    mod resilience {}
    #[doc = include_str!("../../docs/guide/server.md")]
    mod server {}
    #[doc = include_str!("../../docs/guide/streams.md")]
    mod streams {}
    #[doc = include_str!("../../docs/guide/testing.md")]
    mod testing {}
}
