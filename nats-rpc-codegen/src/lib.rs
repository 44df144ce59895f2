//! The model of a service, and the Rust code that is generated from it.
//!
//! `nats-rpc-build` reads `.proto` files, `nats-rpc-macros` reads a Rust trait. Both describe what they read as an
//! [`ir::Service`] and hand it to [`tokens::service`], so that the two can't drift apart.
//!
//! **There is no stability promise**: this crate exists for those two front ends, of the same version, and any release
//! may change it.

pub mod check;
pub mod docs;
pub mod ir;
pub mod names;
pub mod tokens;
