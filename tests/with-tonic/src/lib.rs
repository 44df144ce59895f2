//! One set of messages for nats-rpc and tonic, generated in two ways.

#![allow(
    missing_docs,
    unreachable_pub,
    unused_qualifications,
    clippy::all,
    clippy::pedantic,
    clippy::restriction,
    reason = "prost and tonic generate code that is not clean under our lints"
)]

/// By prost, with both generators of services.
pub mod by_prost {
    include!(concat!(env!("OUT_DIR"), "/both.v1.rs"));
}

/// By nats-rpc, with tonic's generator too.
pub mod by_nats_rpc {
    include!(concat!(env!("OUT_DIR"), "/also/both.v1.rs"));
}
