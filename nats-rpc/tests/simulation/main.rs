//! Deterministic simulation of unary calls: whole clients and servers on the broker within the process, under paused
//! time, with everything going wrong that can go wrong in NATS. A seed decides all of it.
//!
//! Whatever happens, each call ends once, in time, with what was answered or with an error that is true, and in the end
//! nothing is left of it anywhere.
//!
//! `NATS_RPC_SEED=7 cargo test -p nats-rpc --test simulation -- --nocapture` replays one seed and shows it;
//! `NATS_RPC_SEEDS=100000` tries more than usual.

mod calls;
mod chaos;
mod ledger;
mod probe;
mod run;
mod world;

use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

const SEEDS: u64 = 2_000;
const THREADS: u64 = 2;

#[test]
fn every_call_ends_once_truthfully_and_in_time() {
    probe::quiet_panics();
    if let Some(seed) = variable("NATS_RPC_SEED") {
        let ledger = run::run(seed);
        println!("{ledger}");
        ledger.check().unwrap_or_else(|wrong| fail(seed, &wrong));
        return;
    }
    let seeds = variable("NATS_RPC_SEEDS").unwrap_or(SEEDS);
    let begin = Instant::now();
    let each = seeds.div_ceil(THREADS);
    let totals: Vec<run::Totals> = std::thread::scope(|scope| {
        let part = |thread: u64| (thread * each)..((thread + 1) * each).min(seeds);
        let threads: Vec<_> = (0..THREADS).map(|thread| scope.spawn(move || try_all(part(thread)))).collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect()
    });
    let totals = totals.into_iter().fold(run::Totals::default(), run::Totals::plus);
    println!("{seeds} seeds in {:.1} s: {totals}", begin.elapsed().as_secs_f64());
    totals.assert_that_everything_was_tried();
}

fn try_all(seeds: Range<u64>) -> run::Totals {
    let mut totals = run::Totals::default();
    for seed in seeds {
        match catch_unwind(AssertUnwindSafe(|| run::run(seed))) {
            Ok(ledger) => {
                ledger.check().unwrap_or_else(|wrong| fail(seed, &wrong));
                totals = totals.plus(ledger.totals());
            }
            Err(panic) => {
                replay(seed);
                std::panic::resume_unwind(panic);
            }
        }
    }
    totals
}

fn variable(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name} is not a number: {text:?}")))
}

fn fail(seed: u64, wrong: &str) -> ! {
    replay(seed);
    panic!("seed {seed}: {wrong}");
}

fn replay(seed: u64) {
    eprintln!("to replay: NATS_RPC_SEED={seed} cargo test -p nats-rpc --test simulation -- --nocapture");
}

/// Two runs of one seed are the same, or a replay would be worth nothing.
#[test]
fn a_seed_is_the_same_each_time() {
    probe::quiet_panics();
    for seed in 0..20 {
        assert_eq!(run::run(seed).to_string(), run::run(seed).to_string(), "seed {seed}");
    }
}
