//! Calls and answers that are there at the same time share NATS messages, and are calls of their own all the same.
#![cfg(feature = "macros")]

mod apart;
mod forged;
mod outcomes;
mod shared;
mod tap;
mod world;
