//! One measurement: fresh processes, one window.

use std::thread;
use std::time::{Duration, Instant};

use crate::Error;
use crate::broker::Broker;
use crate::process::Worker;
use crate::row::{Load, Setup};
use crate::sample::{self, Sample};
use crate::usage::{Memory, machine_time, processor_time};
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
            servers: Duration::ZERO,
            client_memory: Memory::of(client.pid())?,
            servers_memory: Memory::default(),
            counters: Vec::new(),
            machine: machine_time()?,
            taken: Instant::now(),
        };
        for server in servers {
            snapshot.servers += processor_time(server.pid())?;
            snapshot.servers_memory += Memory::of(server.pid())?;
            snapshot.counters.push(server.counters()?);
        }
        Ok(snapshot)
    }

    /// Adds to what the client found what only its parent can see.
    fn complete(&self, mut sample: Sample, before: &Snapshot, after: &Snapshot) -> Sample {
        if let Some(held) = sample.get(sample::HELD).filter(|held| *held > 0.0) {
            add_memory(&mut sample, held, before, after);
        }
        if let Some(calls) = sample.get(sample::CALLS).filter(|calls| *calls > 0.0) {
            self.add_costs(&mut sample, calls, before, after);
        }
        if let Some(most_loaded) = most_loaded(&before.counters, &after.counters) {
            sample.set(sample::MOST_LOADED, most_loaded);
        }
        sample
    }

    fn add_costs(&self, sample: &mut Sample, calls: f64, before: &Snapshot, after: &Snapshot) {
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
        let peak_kb = after.client_memory.peak_kb + after.servers_memory.peak_kb;
        sample.set(sample::PEAK_MEMORY_KB, peak_kb as f64);
        if self.counts_allocations {
            let of_servers = after.allocations() - before.allocations();
            let of_client = sample.get(sample::ALLOCATIONS).unwrap_or_default();
            sample.set(sample::ALLOCATIONS, of_client + of_servers as f64 / calls);
        }
    }
}

fn add_memory(sample: &mut Sample, held: f64, before: &Snapshot, after: &Snapshot) {
    let each = |after: Memory, before: Memory| (after.now_kb as f64 - before.now_kb as f64) * 1024.0 / held;
    let client = each(after.client_memory, before.client_memory);
    let servers = each(after.servers_memory, before.servers_memory);
    sample.set(sample::MEMORY_CLIENT, client);
    sample.set(sample::MEMORY_SERVER, servers);
    sample.set(sample::MEMORY, client + servers);
}

/// What was used so far.
struct Snapshot {
    client: Duration,
    servers: Duration,
    broker: Duration,
    client_memory: Memory,
    servers_memory: Memory,
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

/// The calls of the most loaded of several servers, by their mean; nothing unless they count calls.
fn most_loaded(before: &[Counters], after: &[Counters]) -> Option<f64> {
    let pairs = before.iter().zip(after);
    let handled: Vec<_> = pairs.map(|(before, after)| after.handled - before.handled).collect();
    let (most, all) = (*handled.iter().max()?, handled.iter().sum::<u64>());
    (handled.len() > 1 && all > 0).then(|| (most * handled.len() as u64) as f64 / all as f64)
}

#[cfg(test)]
mod tests {
    use super::most_loaded;
    use crate::worker::Counters;

    fn handled<const N: usize>(calls: [u64; N]) -> [Counters; N] {
        calls.map(|handled| Counters { handled, ..Counters::default() })
    }

    #[test]
    fn load_is_what_was_handled_in_between() {
        assert_eq!(most_loaded(&handled([100, 0, 50]), &handled([110, 20, 80])), Some(1.5));
    }

    #[test]
    fn without_others_or_calls_nobody_is_most_loaded() {
        assert_eq!(most_loaded(&handled([7; 3]), &handled([7; 3])), None);
        assert_eq!(most_loaded(&handled([0]), &handled([7])), None);
        assert_eq!(most_loaded(&[], &[]), None);
    }
}
