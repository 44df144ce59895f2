//! What is generated: the messages, and services and clients of nats-rpc and tonic.
#![allow(
    missing_docs,
    unreachable_pub,
    unused_qualifications,
    clippy::all,
    clippy::pedantic,
    clippy::restriction,
    reason = "tonic generates code that is not clean under our lints"
)]

include!(concat!(env!("OUT_DIR"), "/compare.v1.rs"));
