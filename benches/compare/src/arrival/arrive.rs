use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::prctl::set_timerslack;
use tokio::runtime::Runtime;

use super::latencies::Latencies;
use crate::Error;
use crate::load::{Caller, message};
use crate::row::Load;
use crate::sample::{self, Sample};
use crate::worker;

/// 10,000 calls a second.
pub(super) const EVERY: Duration = Duration::from_micros(100);

/// How long calls may take that are still under way at the end.
const LIMIT: Duration = Duration::from_secs(30);

/// Begins calls at fixed times, whatever becomes of those before. The time of each is taken from when it should have
/// begun, so that calls which others hold up count as what they are.
///
/// For a thread of its own: the timers of the runtime are too coarse.
pub(super) fn arrive(load: &Load, runtime: &Runtime, caller: &impl Caller) -> Result<Sample, Error> {
    // The system may wake a thread 50 us late otherwise.
    set_timerslack(1)?;
    let plan = |lasts| Plan { begin: Instant::now(), lasts, payload: load.payload };
    plan(load.warm_up).carry_out(runtime, caller)?;
    worker::measuring()?;
    let begin = Instant::now();
    let (latencies, late) = plan(load.window).carry_out(runtime, caller)?;
    let took = begin.elapsed();
    worker::measured()?;
    Ok(Sample::default()
        .with(sample::CALLS, latencies.calls() as f64)
        .with(sample::SECONDS, took.as_secs_f64())
        .with(sample::ERRORS, latencies.errors() as f64)
        .with(sample::P50_US, latencies.quantile_us(0.5))
        .with(sample::P99_US, latencies.quantile_us(0.99))
        .with(sample::P999_US, latencies.quantile_us(0.999))
        .with(sample::LATE_P99_US, late.quantile_us(0.99)))
}

/// When calls begin, and what is sent.
struct Plan {
    begin: Instant,
    lasts: Duration,
    payload: usize,
}

impl Plan {
    /// What calls took, and how late they were begun.
    fn carry_out(
        &self,
        runtime: &Runtime,
        caller: &impl Caller,
    ) -> Result<(Arc<Latencies>, Latencies), Error> {
        let (taken, late) = (Arc::new(Latencies::new()?), Latencies::new()?);
        let (mut due, mut made) = (self.begin, 0);
        while due < self.begin + self.lasts {
            thread::sleep(due.saturating_duration_since(Instant::now()));
            late.add(due.elapsed());
            let (caller, request, taken) = (caller.clone(), message(self.payload), Arc::clone(&taken));
            runtime.spawn(async move {
                match caller.call(request).await {
                    Ok(_) => taken.add(due.elapsed()),
                    Err(error) => taken.add_error(&error),
                }
            });
            due += EVERY;
            made += 1;
        }
        while taken.calls() + taken.errors() < made {
            if due.elapsed() > LIMIT {
                return Err("calls were neither answered nor failed".into());
            }
            thread::sleep(Duration::from_millis(1));
        }
        Ok((taken, late))
    }
}
