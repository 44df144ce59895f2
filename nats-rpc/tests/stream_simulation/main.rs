//! Deterministic simulation of streams and of large messages: whole clients and servers on the broker within the
//! process, under paused time, with everything going wrong that can go wrong in NATS. A seed decides all of it.
//!
//! Each call plays a script. Whatever happens, it ends once, in time, with exactly what was sent or with an error that is
//! true; when nothing goes wrong, with what its script says. In the end nothing is left of it anywhere.
//!
//! `NATS_RPC_SEED=7 cargo test -p nats-rpc --test stream_simulation -- --nocapture` replays one seed and shows it;
//! `NATS_RPC_SEEDS=100000` tries more than usual.

mod book;
mod caller;
mod causes;
mod content;
mod handler;
mod ledger;
mod pause;
mod plan;
mod reader;
mod requests;
mod run;
mod script;
mod service;
#[path = "../simulation_support/mod.rs"]
mod simulation_support;
mod truth;
mod world;

use simulation_support::seeds;

#[test]
fn every_stream_ends_once_truthfully_and_in_time() {
    handler::quiet_panics();
    seeds::try_seeds("stream_simulation", 1_000, run::run);
}

/// Two runs of one seed are the same, or a replay would be worth nothing.
#[test]
fn a_seed_is_the_same_each_time() {
    handler::quiet_panics();
    seeds::assert_repeatable(0..20, run::run);
}
