//! One of three instances of a service goes bad, and its callers hardly notice.
//!
//! `cargo run -p resilience` makes the same calls twice: of instances and by a client without any of what nats-rpc has
//! against that, and of ones with the defaults. It runs on the broker within the process.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use nats_rpc::server::{Ejection, Handle};
use nats_rpc::transport::memory::Broker;
use nats_rpc::{Channel, Request, Response, Server, Status};

/// Calls made in each second.
const CALLS: u32 = 200;
const SECONDS: u32 = 8;
/// One of the instances is bad within these.
const BAD: std::ops::Range<u32> = 2..6;

#[nats_rpc::service(package = "shop")]
pub trait Stock {
    /// May be repeated, so that a call that failed is made again, and reaches another instance.
    #[rpc(idempotency = "no_side_effects", timeout_ms = 500)]
    async fn count(&self, request: Request<String>) -> Result<Response<u32>, Status>;
}

/// An instance whose database may be gone.
#[derive(Default)]
struct Instance {
    bad: Arc<AtomicBool>,
}

impl Stock for Instance {
    async fn count(&self, _: Request<String>) -> Result<Response<u32>, Status> {
        if self.bad.load(Ordering::Relaxed) {
            return Err(Status::unavailable("the database is gone"));
        }
        Ok(42.into())
    }
}

/// Three instances and a client of theirs.
struct World {
    client: StockClient,
    bad: Arc<AtomicBool>,
    _servers: Vec<Handle>,
}

impl World {
    async fn start(ejection: Ejection, defaults: bool) -> Result<Self, Status> {
        let (broker, bad) = (Broker::new(), Arc::new(AtomicBool::new(false)));
        let mut servers = Vec::new();
        for instance in [Instance { bad: Arc::clone(&bad) }, Instance::default(), Instance::default()] {
            let server = Server::builder().self_ejection(ejection).add_service(StockServer::new(instance));
            servers.push(server.start(broker.connect().await?).await?);
        }
        let connection = broker.connect().await?;
        let channel = if defaults { Channel::new(connection) } else { Channel::bare(connection) };
        Ok(Self { client: StockClient::new(channel), bad, _servers: servers })
    }

    /// How many of a second's calls succeed, in percent.
    async fn second(&self) -> f64 {
        let mut ticks = tokio::time::interval(Duration::from_secs(1) / CALLS);
        let mut calls = Vec::new();
        for _ in 0..CALLS {
            ticks.tick().await;
            calls.push(tokio::spawn(self.client.count("apples".to_owned())));
        }
        let outcomes = join_all(calls).await;
        let good = outcomes.iter().filter(|outcome| matches!(outcome, Ok(Ok(_)))).count();
        100.0 * f64::from(u32::try_from(good).unwrap_or(u32::MAX)) / f64::from(CALLS)
    }
}

#[tokio::main]
async fn main() -> Result<(), Status> {
    let without = World::start(Ejection::off(), false).await?;
    let with = World::start(Ejection::new(), true).await?;
    println!("second | calls that succeed: without | with the defaults");
    for second in 0..SECONDS {
        let bad = BAD.contains(&second);
        without.bad.store(bad, Ordering::Relaxed);
        with.bad.store(bad, Ordering::Relaxed);
        let (one, other) = tokio::join!(without.second(), with.second());
        let note = if bad { "one of three instances is bad" } else { "" };
        println!("{:>6} | {one:>25.1} % | {other:>15.1} %  {note}", second + 1);
    }
    Ok(())
}
