use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::{Duration, Instant};

use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::Error;
use crate::api::Message;
use crate::row::Load;
use crate::sample::{self, Sample};
use crate::stats::quantile;
use crate::worker;

/// Makes calls.
pub(crate) trait Caller: Clone + Send + 'static {
    fn call(&self, request: Message) -> impl Future<Output = Result<Message, Error>> + Send;
}

/// What is sent: bytes, and a string as most messages have one.
pub(crate) fn message(payload: usize) -> Message {
    Message { payload: vec![b'x'; payload], name: "a name of average size".to_owned() }
}

/// So many callers at once, each of which makes one call after the other; they share the connections evenly.
pub(crate) async fn closed_loop<C: Caller>(load: &Load, connections: &[C]) -> Result<Sample, Error> {
    for connection in connections {
        let reply = connection.call(message(load.payload)).await?;
        if reply != message(load.payload) {
            return Err("the answer is not the request".into());
        }
    }
    let phase = Arc::new(AtomicU8::new(WARM_UP));
    let mut callers = JoinSet::new();
    for connection in connections.iter().cycle().take(load.concurrency) {
        callers.spawn(call_on(connection.clone(), load.payload, Arc::clone(&phase)));
    }

    sleep(load.warm_up).await;
    worker::measuring()?;
    let (begin, allocations) = (Instant::now(), worker::allocations());
    phase.store(MEASURE, Ordering::Relaxed);
    sleep(load.window).await;
    phase.store(STOP, Ordering::Relaxed);
    let (took, allocations) = (begin.elapsed(), worker::allocations() - allocations);
    worker::measured()?;

    let mut all = Calls::default();
    while let Some(calls) = callers.join_next().await {
        let calls = calls?;
        all.took_ns.extend(calls.took_ns);
        all.errors += calls.errors;
        all.error = all.error.or(calls.error);
    }
    if let Some(error) = &all.error {
        eprintln!("{} calls failed, one of them so: {error}", all.errors);
    }
    let mut sample = all.sample(took);
    if allocations > 0 {
        sample.set(sample::ALLOCATIONS, allocations as f64 / all.took_ns.len() as f64);
    }
    Ok(sample)
}

const WARM_UP: u8 = 0;
const MEASURE: u8 = 1;
const STOP: u8 = 2;

/// How the calls of the window went.
#[derive(Default)]
struct Calls {
    took_ns: Vec<u32>,
    errors: u32,
    error: Option<Error>,
}

impl Calls {
    fn sample(&mut self, window: Duration) -> Sample {
        self.took_ns.sort_unstable();
        let micros = |share| quantile(&self.took_ns, share).map_or(f64::NAN, |ns| f64::from(ns) / 1e3);
        Sample::default()
            .with(sample::CALLS, self.took_ns.len() as f64)
            .with(sample::SECONDS, window.as_secs_f64())
            .with(sample::ERRORS, self.errors.into())
            .with(sample::P50_US, micros(0.5))
            .with(sample::P99_US, micros(0.99))
    }
}

async fn call_on(caller: impl Caller, payload: usize, phase: Arc<AtomicU8>) -> Calls {
    let mut calls = Calls { took_ns: Vec::with_capacity(4096), ..Calls::default() };
    loop {
        let request = message(payload);
        let begin = Instant::now();
        let reply = caller.call(request).await;
        let took = begin.elapsed();
        match (phase.load(Ordering::Relaxed), reply) {
            (MEASURE, Ok(reply)) if reply.payload.len() == payload => {
                calls.took_ns.push(took.as_nanos().try_into().unwrap_or(u32::MAX));
            }
            (MEASURE, Ok(_)) => {
                calls.errors += 1;
                calls.error = Some("the answer is not as long as the request".into());
            }
            (MEASURE, Err(error)) => {
                calls.errors += 1;
                calls.error = Some(error);
            }
            (STOP, _) => return calls,
            _ => {}
        }
    }
}
