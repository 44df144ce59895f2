//! Hedged calls of a whole system, on the transport within the process, under paused time.
#![cfg(feature = "macros")]

use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use nats_rpc::layer::HedgeLayer;
use nats_rpc::transport::memory::Broker;
use nats_rpc::{Channel, Request, Response, Server, Status};
use tokio::time::{Instant, sleep, timeout};
use tower::ServiceBuilder;

#[nats_rpc::service(package = "test.v1")]
pub trait Prices {
    #[rpc(idempotency = "no_side_effects", hedge(delay_ms = 20, max_attempts = 3))]
    async fn look_up(&self, request: Request<String>) -> Result<Response<u64>, Status>;
}

#[derive(Clone, Default)]
struct Instance {
    hangs: bool,
    running: Arc<AtomicUsize>,
    /// Attempts after the first.
    hedges: Arc<AtomicUsize>,
}

/// Counts a handler as long as it runs.
struct Running(Arc<AtomicUsize>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Prices for Instance {
    async fn look_up(&self, request: Request<String>) -> Result<Response<u64>, Status> {
        self.running.fetch_add(1, Ordering::Relaxed);
        let _running = Running(Arc::clone(&self.running));
        if request.context().attempt() > 0 {
            self.hedges.fetch_add(1, Ordering::Relaxed);
        }
        if self.hangs {
            pending::<()>().await;
        }
        Ok(1250.into())
    }
}

#[tokio::test(start_paused = true)]
async fn one_of_three_instances_hangs_and_hardly_anybody_notices() {
    let broker = Broker::seeded(5);
    let instances = [true, false, false].map(|hangs| Instance { hangs, ..Instance::default() });
    let mut servers = Vec::new();
    for instance in &instances {
        let service = PricesServer::new(instance.clone());
        let connection = broker.connect().await.unwrap();
        servers.push(Server::builder().add_service(service).start(connection).await.unwrap());
    }
    let channel = Channel::bare(broker.connect().await.unwrap());
    let client = PricesClient::new(ServiceBuilder::new().layer(HedgeLayer::new()).service(channel));
    let (mut answered, mut late) = (0, 0);
    for _ in 0..200 {
        let start = Instant::now();
        answered +=
            usize::from(client.look_up("tea".to_owned()).timeout(Duration::from_secs(1)).await.is_ok());
        late += usize::from(start.elapsed() >= Duration::from_millis(20));
        sleep(Duration::from_millis(100)).await;
    }
    let hedges: usize = instances.iter().map(|instance| instance.hedges.load(Ordering::Relaxed)).sum();
    println!("{answered} of 200 were answered, {late} late, with {hedges} hedges");
    // All three attempts reach the same instance in one call of 27.
    assert!(answered >= 180 && late > 40 && hedges > 40, "{answered} {late} {hedges}");
    let done = async {
        while instances.iter().any(|instance| instance.running.load(Ordering::Relaxed) > 0) {
            sleep(Duration::from_millis(1)).await;
        }
    };
    timeout(Duration::from_secs(5), done).await.expect("those that lost were cancelled");
}
