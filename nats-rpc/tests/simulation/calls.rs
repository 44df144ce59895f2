//! The calls of a run.

use std::time::Duration;

use nats_rpc::Channel;
use rand::RngExt;
use rand::rngs::StdRng;
use tokio::time::Instant;

use crate::ledger::{Call, Outcome};
use crate::probe::{Job, Order, ProbeClient};
use crate::run::HORIZON;

/// A call to be made at its time, and given up maybe.
pub(crate) struct Planned {
    pub(crate) call: Call,
    gives_up_after: Option<Duration>,
}

pub(crate) fn plan(clients: usize, random: &mut StdRng) -> Vec<Planned> {
    let count = random.random_range(5..40);
    let one = |id| {
        let millis = |range| Duration::from_millis(range);
        let timeout = match random.random_range(0..4) {
            0 => millis(random.random_range(5..100)),
            1 => millis(random.random_range(100..1_000)),
            _ => millis(random.random_range(1_000..12_000)),
        };
        let time = millis(random.random_range(0..2_000));
        let order = match random.random_range(0..20) {
            0..=7 => Order::Answer,
            8..=11 => Order::AnswerAfter(time),
            12 | 13 => Order::FailAfter(time),
            14 => Order::Panic,
            15 | 16 => Order::Hang,
            _ => Order::Relay(time),
        };
        let gives_up = random.random_bool(0.2);
        let gives_up_after = gives_up.then(|| timeout.mul_f64(random.random::<f64>() * 0.9));
        let call = Call {
            job: Job { id, order },
            client: random.random_range(0..clients),
            idempotent: random.random_bool(0.5),
            timeout,
            began: HORIZON.mul_f64(random.random()),
            ended: None,
            outcome: None,
        };
        Planned { call, gives_up_after }
    };
    (0..count).map(one).collect()
}

/// Makes the call at its time.
pub(crate) async fn make(planned: Planned, channel: Channel, start: Instant) -> Call {
    let Planned { mut call, gives_up_after } = planned;
    tokio::time::sleep(call.began).await;
    call.began = start.elapsed();
    let client = ProbeClient::new(channel);
    let request = call.job.to_string();
    let made = if call.idempotent { client.read(request) } else { client.act(request) }.timeout(call.timeout);
    let outcome = match gives_up_after {
        None => Some(made.await),
        Some(after) => tokio::time::timeout(after, made).await.ok(),
    };
    call.ended = Some(start.elapsed());
    call.outcome = Some(match outcome {
        Some(outcome) => outcome.map(nats_rpc::Response::into_inner).into(),
        None => Outcome::Dropped,
    });
    call
}
