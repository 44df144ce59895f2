//! Instances that do badly leave their queue group by themselves and come back, and the group is never emptied.
//!
//! Whole servers on the broker within the process, under paused time. A seed decides all of it:
//! `NATS_RPC_SEED=7 cargo test -p nats-rpc --test ejection -- --nocapture` replays one run of those that try many.
#![cfg(feature = "macros")]

mod absence;
mod calls;
mod connections;
mod needed;
mod together;
mod trial;
mod versions;
mod work;
mod world;
