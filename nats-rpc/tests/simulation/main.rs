//! Deterministic simulation of unary calls: whole clients and servers on the broker within the process, under paused
//! time, with everything going wrong that can go wrong in NATS. A seed decides all of it.
//!
//! Whatever happens, each call ends once, in time, with what was answered or with an error that is true, and in the end
//! nothing is left of it anywhere.
//!
//! `NATS_RPC_SEED=7 cargo test -p nats-rpc --test simulation -- --nocapture` replays one seed and shows it;
//! `NATS_RPC_SEEDS=100000` tries more than usual.

mod calls;
mod ledger;
mod probe;
mod run;
#[path = "../simulation_support/mod.rs"]
mod simulation_support;
mod world;

use simulation_support::seeds;

#[test]
fn every_call_ends_once_truthfully_and_in_time() {
    probe::quiet_panics();
    seeds::try_seeds("simulation", 2_000, run::run);
}

/// Two runs of one seed are the same, or a replay would be worth nothing.
#[test]
fn a_seed_is_the_same_each_time() {
    probe::quiet_panics();
    seeds::assert_repeatable(0..20, run::run);
}
