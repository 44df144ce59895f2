//! Compiles the services of `.proto` files into typed clients and server traits for `nats-rpc`.
//!
//! In `build.rs`:
//!
//! ```no_run
//! fn main() -> Result<(), nats_rpc_build::Error> {
//!     nats_rpc_build::compile(&["proto/greeter.proto"], &["proto"])
//! }
//! ```
//!
//! and in the crate, for `package greeter.v1`:
//!
//! ```text
//! pub mod greeter {
//!     nats_rpc::include_proto!("greeter.v1");
//! }
//! ```
//!
//! No `protoc` is needed. Imports of `google/protobuf/*`, `google/api/*`, `google/rpc/*` and
//! `nats/rpc/v1/options.proto` resolve by themselves. The crate needs no dependency but `nats-rpc`.
//!
//! # Several packages
//!
//! Packages that use each other's messages find them in modules that are nested as the packages are. One more file
//! lays these modules out; built-in imports such as `google/rpc/status.proto` are packages too:
//!
//! ```no_run
//! fn main() -> Result<(), nats_rpc_build::Error> {
//!     nats_rpc_build::Config::new()
//!         .include_file("mod.rs")
//!         .compile(&["proto/shop/v1/shop.proto"], &["proto"])
//! }
//! ```
//!
//! ```text
//! mod proto {
//!     nats_rpc::include_proto!("mod");
//! }
//! use proto::shop::v1::ShopClient;
//! ```
//!
//! # Names
//!
//! A service `Greeter` becomes the trait `Greeter`, the client `GreeterClient`, the server `GreeterServer` and the
//! static `GREETER`, beside the messages of its package. Methods become functions in `snake_case`; keywords are raw
//! (`rpc Type` is `r#type`) or get an underscore behind where Rust has no raw form (`rpc Self` is `self_`). An RPC
//! called `New`, `Connect`, `Clone`, `OnInstance` or `Scatter` gets an underscore too (`new_`), because every client has
//! functions of these names. Names that clash are reported, never changed silently.
//!
//! # Comments
//!
//! Comments become documentation: those right above something, and those behind it on its line. Comments that an empty
//! line keeps apart are not shown. Whatever a comment holds, nothing in it is run or loaded, and rustdoc has nothing to
//! say about it. `[Foo][p.v1.Foo]`, `[p.v1.Foo]` and `[Foo]` are links where they name a message, an enum, a service, or
//! a member of one, that is generated into the same package, or into another one when there is an include file.
//!
//! # Options
//!
//! ```proto
//! import "nats/rpc/v1/options.proto";
//!
//! service Greeter {
//!   option (nats.rpc.v1.service) = { subject: "svc.greet.v1", queue_group: "workers" };
//!
//!   rpc SayHello(HelloRequest) returns (HelloReply) {
//!     option idempotency_level = NO_SIDE_EFFECTS;
//!     option (nats.rpc.v1.method) = { timeout_ms: 1500 };
//!   }
//! }
//! ```

mod builtin;
mod check;
mod comments;
mod config;
mod descriptors;
mod error;
mod format;
mod generate;
mod links;
mod load;
mod lower;
mod messages;
mod modules;
mod options;
mod output;
mod package;
mod paragraphs;
mod parallel;
mod prost;
mod source;

use std::path::Path;

pub use config::Config;
pub use error::Error;

/// Compiles `.proto` files that lie below one of the `includes`, as [`Config::compile`] does with the default settings.
///
/// # Errors
/// When a file can't be read, is not valid, or asks for something that can't be generated. The error prints as
/// a message with file, line and column.
///
/// # Examples
/// ```no_run
/// fn main() -> Result<(), nats_rpc_build::Error> {
///     nats_rpc_build::compile(&["proto/greeter.proto"], &["proto"])
/// }
/// ```
pub fn compile(protos: &[impl AsRef<Path>], includes: &[impl AsRef<Path>]) -> Result<(), Error> {
    Config::new().compile(protos, includes)
}
