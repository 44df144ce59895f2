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
//! Types nested in a message `shop.Order` are in the module `shop::order`. If there is a package `shop.order` as well,
//! they stand beside its own.
//!
//! # Names
//!
//! A service `Greeter` becomes the trait `Greeter`, the client `GreeterClient`, the server `GreeterServer` and the
//! static `GREETER`, beside the messages of its package. Methods become functions in `snake_case`; keywords are raw
//! (`rpc Type` is `r#type`) or get an underscore behind where Rust has no raw form (`rpc Self` is `self_`) or prost takes
//! none (`map<string, Kind> type` is `type_`). An RPC
//! called `New`, `Connect`, `Clone`, `Into`, `TryInto`, `OnInstance` or `Scatter` gets an underscore too (`new_`),
//! because every client has functions of these names. Names that clash are reported, never changed silently.
//!
//! # Editions, protoc and descriptor sets
//!
//! `.proto` files are read by a library that knows proto2 and proto3. For editions there is protoc
//! ([`Config::use_protoc`]), or a descriptor set that another build step has made
//! ([`Config::compile_descriptor_set`]). The features of an edition become what they mean in proto2 or proto3; if one
//! file needs both, such as a required field and one of implicit presence, that is an error.
//! [`Config::file_descriptor_set_path`] writes a descriptor set.
//!
//! # Together with tonic
//!
//! One set of messages can serve two frameworks: [`Config::also`] runs another generator of services, and
//! [`Config::service_generator`] is one for those who generate messages with prost.
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
//!   option (nats.rpc.v1.service) = { subject: "svc.greet.v1", queue_group: "workers", timeout_ms: 2000 };
//!
//!   rpc SayHello(HelloRequest) returns (HelloReply) {
//!     option idempotency_level = NO_SIDE_EFFECTS;
//!     option (nats.rpc.v1.method) = { timeout_ms: 1500, retry: { max_attempts: 4 } };
//!   }
//! }
//! ```
//!
//! Services and methods take `timeout_ms`, `retry`, `hedge` and `breaker`, methods `durable` too; what a method says
//! takes the place of what its service says. The comments in `nats/rpc/v1/options.proto` describe every field, with unit,
//! range and default. All are checked when code is generated. The layers of clients act on them, unless a service config,
//! a builder or the call says otherwise. **`durable` has no effect in this release.**
//!
//! # What is generated
//!
//! [`Config`] leaves clients or servers out, or puts them behind cargo features; lets implementations leave RPCs out; and
//! adds attributes. A crate with the schemas of a system may so serve those who call and those who implement:
//!
//! ```no_run
//! fn main() -> Result<(), nats_rpc_build::Error> {
//!     nats_rpc_build::Config::new()
//!         .client_feature("client")
//!         .server_feature("server")
//!         .default_stubs(true)
//!         .compile(&["proto/greeter.proto"], &["proto"])
//! }
//! ```

mod attributes;
mod builtin;
mod cause;
mod check;
mod comments;
mod compile;
mod config;
mod descriptors;
mod editions;
mod error;
mod format;
mod generate;
mod google;
mod groups;
mod links;
mod load;
mod lower;
mod maps;
mod merge;
mod messages;
mod modules;
mod options;
mod output;
mod package;
mod paragraphs;
mod parallel;
mod prost;
mod service_generator;
mod source;
mod switches;

use std::path::Path;

/// The guide's code, compiled as doc tests.
#[cfg(doctest)]
#[doc = include_str!("../../docs/guide/generator.md")]
mod guide {}

pub use config::Config;
pub use error::Error;
pub use service_generator::ServiceGenerator;

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
