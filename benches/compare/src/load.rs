use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Instant;

use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::Error;
use crate::api::Message;
use crate::calls::Calls;
use crate::row::Load;
use crate::sample::{self, Sample};
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
        all.add(calls?);
    }
    let mut sample = all.sample(took);
    if let Some(calls) = sample.get(sample::CALLS).filter(|_| allocations > 0) {
        sample.set(sample::ALLOCATIONS, allocations as f64 / calls);
    }
    Ok(sample)
}

const WARM_UP: u8 = 0;
const MEASURE: u8 = 1;
const STOP: u8 = 2;

async fn call_on(caller: impl Caller, payload: usize, phase: Arc<AtomicU8>) -> Calls {
    let mut calls = Calls::default();
    loop {
        let request = message(payload);
        let begin = Instant::now();
        let reply = caller.call(request).await;
        let took = begin.elapsed();
        match (phase.load(Ordering::Relaxed), reply) {
            (WARM_UP, _) => {}
            (STOP, _) => return calls,
            (_, Ok(reply)) if reply.payload.len() == payload => calls.succeeded(took),
            (_, Ok(_)) => calls.failed("the answer is not as long as the request".to_owned()),
            (_, Err(error)) => calls.failed(error.to_string()),
        }
    }
}
