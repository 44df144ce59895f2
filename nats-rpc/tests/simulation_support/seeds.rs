//! Seeds, one run each: how they are tried, told apart and replayed.

use std::fmt::Display;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use super::totals::Totals;

const THREADS: u64 = 2;
/// A thread stops after so many seeds that failed.
const ENOUGH: usize = 10;
/// Whatever takes longer hangs.
const LONGEST: Duration = Duration::from_secs(600);
/// How long tasks may take to end once nobody has any use for them.
const SETTLING: Duration = Duration::from_secs(20);

/// All that is known of a run.
pub(crate) trait Ledger: Display {
    /// # Errors
    /// What is not as it must be.
    fn check(&self) -> Result<(), String>;

    fn totals(&self) -> Totals;
}

/// Tries `NATS_RPC_SEEDS` seeds of the simulation in the test `name`, else `usual`; or only `NATS_RPC_SEED`.
pub(crate) fn try_seeds<L: Ledger>(name: &str, usual: u64, run: impl Fn(u64) -> L + Sync) {
    if let Some(seed) = variable("NATS_RPC_SEED") {
        let ledger = run(seed);
        println!("{ledger}");
        return ledger.check().unwrap_or_else(|wrong| panic!("seed {seed}: {wrong}"));
    }
    let seeds = variable("NATS_RPC_SEEDS").unwrap_or(usual);
    let begin = Instant::now();
    let each = seeds.div_ceil(THREADS);
    let tried: Vec<Tried> = std::thread::scope(|scope| {
        let part = |thread: u64| (thread * each)..((thread + 1) * each).min(seeds);
        let run = &run;
        let threads: Vec<_> =
            (0..THREADS).map(|thread| scope.spawn(move || try_all(name, part(thread), run))).collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect()
    });
    let failed: Vec<u64> = tried.iter().flat_map(|part| &part.failed).copied().collect();
    let totals = tried.into_iter().map(|part| part.totals).fold(Totals::default(), Totals::plus);
    println!("{seeds} seeds in {:.1} s: {totals}", begin.elapsed().as_secs_f64());
    assert!(failed.is_empty(), "these seeds failed: {failed:?}");
    totals.assert_that_everything_was_tried();
}

#[derive(Default)]
struct Tried {
    totals: Totals,
    failed: Vec<u64>,
}

fn try_all<L: Ledger>(name: &str, seeds: Range<u64>, run: impl Fn(u64) -> L) -> Tried {
    let mut tried = Tried::default();
    for seed in seeds {
        let wrong = match catch_unwind(AssertUnwindSafe(|| run(seed))) {
            Ok(ledger) => {
                tried.totals = tried.totals.plus(ledger.totals());
                ledger.check().err()
            }
            Err(_) => Some("it panicked".to_owned()),
        };
        let Some(wrong) = wrong else { continue };
        eprintln!("seed {seed}: {wrong}");
        eprintln!("to replay: NATS_RPC_SEED={seed} cargo test -p nats-rpc --test {name} -- --nocapture");
        tried.failed.push(seed);
        if tried.failed.len() == ENOUGH {
            break;
        }
    }
    tried
}

fn variable(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name} is not a number: {text:?}")))
}

/// Runs one seed, alone on one thread, in no time.
pub(crate) fn run_paused<T>(seed: u64, run: impl Future<Output = T>) -> T {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    let outcome = runtime.block_on(async { tokio::time::timeout(LONGEST, run).await });
    outcome.unwrap_or_else(|_| panic!("seed {seed} hangs"))
}

/// With the last connection, every task of the runtime has to end.
pub(crate) async fn tasks_left() -> Option<String> {
    tokio::time::sleep(SETTLING).await;
    let tasks = tokio::runtime::Handle::current().metrics().num_alive_tasks();
    (tasks != 0).then(|| format!("{tasks} tasks run"))
}

/// Two runs of one seed are the same, or a replay would be worth nothing.
pub(crate) fn assert_repeatable<L: Ledger>(seeds: Range<u64>, run: impl Fn(u64) -> L) {
    for seed in seeds {
        assert_eq!(run(seed).to_string(), run(seed).to_string(), "seed {seed}");
    }
}
