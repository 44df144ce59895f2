//! One measurement: fresh processes, one window.

use std::thread;
use std::time::{Duration, Instant};

use crate::Error;
use crate::broker::Broker;
use crate::process::Worker;
use crate::row::{Load, Setup};
use crate::sample::{self, Sample};
use crate::usage::{machine_time, peak_memory_kb, processor_time};
use crate::worker::{Counters, Job};

/// What to measure.
pub(crate) struct Measurement<'a> {
    pub(crate) broker: &'a Broker,
    pub(crate) load: &'a Load,
    pub(crate) setup: &'a Setup,
    pub(crate) counts_allocations: bool,
}

impl Measurement<'_> {
    /// Starts the processes, and ends them when all is said.
    pub(crate) fn run(&self) -> Result<Sample, Error> {
        let mut servers = Vec::new();
        let mut job = Job {
            role: self.setup.client.clone(),
            nats: self.broker.address(),
            servers: Vec::new(),
            load: self.load.clone(),
        };
        for role in &self.setup.servers {
            let job = Job { role: role.clone(), ..job.clone() };
            servers.push(Worker::start(&job, self.counts_allocations)?);
        }
        for server in &servers {
            job.servers.push(server.expect("ready")?);
        }
        let mut client = Worker::start(&job, self.counts_allocations)?;

        client.expect("measuring")?;
        let before = self.snapshot(&client, &mut servers)?;
        client.go_on()?;
        client.expect("measured")?;
        let after = self.snapshot(&client, &mut servers)?;
        client.go_on()?;
        let sample = serde_json::from_str(&client.line()?)?;
        Ok(self.complete(sample, &before, &after))
    }

    fn snapshot(&self, client: &Worker, servers: &mut [Worker]) -> Result<Snapshot, Error> {
        let mut snapshot = Snapshot {
            client: processor_time(client.pid())?,
            broker: processor_time(self.broker.pid()?)?,
            peak_memory_kb: peak_memory_kb(client.pid())?,
            servers: Duration::ZERO,
            counters: Vec::new(),
            machine: machine_time()?,
            taken: Instant::now(),
        };
        for server in servers {
            snapshot.servers += processor_time(server.pid())?;
            snapshot.peak_memory_kb += peak_memory_kb(server.pid())?;
            snapshot.counters.push(server.counters()?);
        }
        Ok(snapshot)
    }

    /// Adds to what the client found what only its parent can see.
    fn complete(&self, mut sample: Sample, before: &Snapshot, after: &Snapshot) -> Sample {
        let Some(calls) = sample.get(sample::CALLS).filter(|calls| *calls > 0.0) else { return sample };
        if let Some(seconds) = sample.get(sample::SECONDS) {
            sample.set(sample::PER_SECOND, calls / seconds);
        }
        let each = |after: Duration, before: Duration| (after - before).as_secs_f64() * 1e6 / calls;
        let (client, servers) = (each(after.client, before.client), each(after.servers, before.servers));
        sample.set(sample::CPU_CLIENT_US, client);
        sample.set(sample::CPU_SERVER_US, servers);
        sample.set(sample::CPU_BROKER_US, each(after.broker, before.broker));
        sample.set(sample::CPU_US, client + servers);
        sample.set(sample::OTHERS, after.others_since(before));
        sample.set(sample::PEAK_MEMORY_KB, after.peak_memory_kb as f64);
        if self.counts_allocations {
            let of_servers = after.allocations() - before.allocations();
            let of_client = sample.get(sample::ALLOCATIONS).unwrap_or_default();
            sample.set(sample::ALLOCATIONS, of_client + of_servers as f64 / calls);
        }
        sample
    }
}

/// What was used so far.
struct Snapshot {
    client: Duration,
    servers: Duration,
    broker: Duration,
    /// Of client and servers.
    peak_memory_kb: u64,
    /// Of each server.
    counters: Vec<Counters>,
    /// Of all processes of the machine.
    machine: Duration,
    taken: Instant,
}

impl Snapshot {
    /// How much of the machine processes took that are none of ours.
    fn others_since(&self, before: &Self) -> f64 {
        let ours = |snapshot: &Self| snapshot.client + snapshot.servers + snapshot.broker;
        let others = (self.machine - before.machine).saturating_sub(ours(self) - ours(before));
        let cores = thread::available_parallelism().map_or(1, Into::into);
        others.as_secs_f64() / (self.taken - before.taken).as_secs_f64() / cores as f64
    }

    fn allocations(&self) -> u64 {
        self.counters.iter().map(|counters| counters.allocations).sum()
    }
}
