use std::time::{Duration, Instant};

use super::Role;
use crate::Error;
use crate::load::{Caller, message};
use crate::process::Worker;
use crate::sample::{self, Sample};
use crate::stack::Stack;
use crate::stats::Spread;
use crate::unary::{self, ours::Layers};
use crate::worker::{self, Job};

/// So many processes are started in each round.
const STARTS: usize = 10;

/// Connects and makes a call, all for the first time in this process.
pub(super) async fn call_first(job: &Job, stack: Stack) -> Result<(), Error> {
    match stack {
        Stack::Ours => call(job, &unary::ours::connect(job, Layers::Default).await?).await?,
        Stack::Raw => call(job, &unary::raw::connect(job).await?).await?,
        Stack::Tonic => call(job, &unary::tonic::connect(job).await?).await?,
    }
    Ok(worker::serve("", || 0).await?)
}

async fn call(job: &Job, caller: &impl Caller) -> Result<(), Error> {
    caller.call(message(job.load.payload)).await.map(drop)
}

/// Starts clients of a server.
pub(super) fn clients(job: &Job, stack: Stack) -> Result<(), Error> {
    let job = Job { role: worker::Role::Start(Role::Client(stack)), ..job.clone() };
    worker::measuring()?;
    let mut took = Vec::new();
    for _ in 0..STARTS {
        let begin = Instant::now();
        Worker::start(&job, false)?.expect("ready")?;
        took.push(begin.elapsed());
    }
    finish(&took)
}

/// Starts servers, and calls each as soon as it is ready. A client of NATS is connected already, to the broker; one of
/// tonic has to connect.
pub(super) async fn servers(job: &Job, stack: Stack) -> Result<(), Error> {
    match stack {
        Stack::Ours => {
            let caller = unary::ours::connect(job, Layers::Default).await?;
            call_servers(job, stack, async |_| Ok(caller.clone())).await
        }
        Stack::Raw => {
            let caller = unary::raw::connect(job).await?;
            call_servers(job, stack, async |_| Ok(caller.clone())).await
        }
        Stack::Tonic => call_servers(job, stack, async |job| unary::tonic::connect(&job).await).await,
    }
}

/// How long servers may take.
const LIMIT: Duration = Duration::from_secs(10);

async fn call_servers<C: Caller>(
    job: &Job,
    stack: Stack,
    connect: impl AsyncFn(Job) -> Result<C, Error>,
) -> Result<(), Error> {
    let server = Job { role: unary::server(stack), ..job.clone() };
    worker::measuring()?;
    let mut took = Vec::new();
    for _ in 0..STARTS {
        let begin = Instant::now();
        let server = Worker::start(&server, false)?;
        let job = Job { servers: vec![server.expect("ready")?], ..job.clone() };
        let caller = connect(job.clone()).await?;
        // A broker may take a moment longer to know of a subscription than its subscriber.
        while let Err(error) = call(&job, &caller).await {
            if begin.elapsed() > LIMIT {
                return Err(error);
            }
        }
        took.push(begin.elapsed());
    }
    finish(&took)
}

fn finish(took: &[Duration]) -> Result<(), Error> {
    worker::measured()?;
    let micros = took.iter().map(|took| took.as_secs_f64() * 1e6);
    let median = Spread::of(micros).ok_or("nothing was started")?.median;
    Ok(worker::finish(&Sample::default().with(sample::P50_US, median))?)
}
