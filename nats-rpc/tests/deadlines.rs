//! Deadlines of a whole system, on the transport within the process, under paused time.
#![cfg(feature = "macros")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::future::join_all;
use nats_rpc::layer::{Deadline, DeadlineLayer};
use nats_rpc::server::{Handle, Mount};
use nats_rpc::transport::memory::{Broker, Options};
use nats_rpc::{Channel, Code, Context, Request, Response, Server, Status};
use tokio::time::{Instant, sleep};
use tower::ServiceBuilder;
use tower::limit::ConcurrencyLimitLayer;

const MS: Duration = Duration::from_millis(1);

#[nats_rpc::service(package = "test.v1")]
pub trait Desk {
    /// Answers after so many milliseconds with how many its caller still had at first.
    async fn work(&self, request: Request<u64>) -> Result<Response<u64>, Status>;
}

#[derive(Clone, Default)]
struct Worker {
    handled: Arc<AtomicUsize>,
    /// Does the work, if there is one.
    next: Option<DeskClient<Deadline<Channel>>>,
}

impl Desk for Worker {
    async fn work(&self, request: Request<u64>) -> Result<Response<u64>, Status> {
        self.handled.fetch_add(1, Ordering::Relaxed);
        let left = Context::current().time_remaining().expect("each call here has a deadline");
        let millis = request.into_inner();
        match &self.next {
            Some(next) => next.work(millis).await,
            None => {
                sleep(MS * u32::try_from(millis).unwrap()).await;
                Ok(u64::try_from(left.as_millis()).unwrap().into())
            }
        }
    }
}

impl Worker {
    fn handled(&self) -> usize {
        self.handled.load(Ordering::Relaxed)
    }
}

async fn serve(broker: &Broker, options: Options, service: impl Into<Mount>) -> Handle {
    let connection = broker.connect_with(options).await.unwrap();
    Server::builder().add_service(service).start(connection).await.unwrap()
}

async fn channel(broker: &Broker, options: Options) -> Channel {
    Channel::bare(broker.connect_with(options).await.unwrap())
}

#[tokio::test(start_paused = true)]
async fn an_instance_that_thaws_works_only_on_what_somebody_waits_for() {
    let (broker, worker) = (Broker::seeded(1), Worker::default());
    let _server = serve(&broker, Options::new().name("server"), DeskServer::new(worker.clone())).await;
    let client = DeskClient::new(channel(&broker, Options::new().name("client")).await);
    broker.freeze("server");
    let calls = (0..20).map(|_| client.work(0).timeout(MS * 500));
    for outcome in join_all(calls).await {
        assert_eq!(outcome.unwrap_err().code(), Code::DeadlineExceeded);
    }
    // Half a second is allowed for clocks that differ.
    sleep(MS * 600).await;
    broker.thaw("server");
    sleep(MS * 600).await;
    assert_eq!(worker.handled(), 0, "what it found was refused as stale");
    broker.freeze("server");
    let (outcome, ()) = tokio::join!(client.work(0).timeout(MS * 500), async {
        sleep(MS * 200).await;
        broker.thaw("server");
    });
    outcome.unwrap();
    assert_eq!(worker.handled(), 1);
}

#[tokio::test(start_paused = true)]
async fn clocks_that_differ_by_13_seconds_cost_nobody_a_call() {
    for (server_ahead, client_ahead) in [(13_000, 0), (-13_000, 0), (0, 13_000), (0, -13_000)] {
        let (broker, worker) = (Broker::seeded(2), Worker::default());
        let options = Options::new().clock_ahead_ms(server_ahead);
        let _server = serve(&broker, options, DeskServer::new(worker.clone())).await;
        let client = DeskClient::new(channel(&broker, Options::new().clock_ahead_ms(client_ahead)).await);
        for n in 1..=50 {
            client.work(0).timeout(MS * 1000).await.unwrap();
            assert_eq!(worker.handled(), n, "each runs once");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_that_a_handler_makes_has_the_handlers_deadline_or_an_earlier_one() {
    for (own, given) in [(10_000, 3000), (1000, 1000)] {
        let broker = Broker::seeded(3);
        let inner = Options::new().name("inner");
        let place = Mount::new(DeskServer::new(Worker::default())).subject("svc.inner").unwrap();
        let _inner = serve(&broker, inner, place).await;
        let inner = channel(&broker, Options::new()).await.without_default_timeout();
        let inner = inner.with_subject("test.v1.Desk", "svc.inner").unwrap();
        let layer = DeadlineLayer::new().with_default(MS * own);
        let next = Some(DeskClient::new(ServiceBuilder::new().layer(layer).service(inner)));
        let _outer =
            serve(&broker, Options::new(), DeskServer::new(Worker { next, ..Worker::default() })).await;
        let outer = channel(&broker, Options::new()).await.without_default_timeout();
        let layer = DeadlineLayer::new().with_default(MS * 3000).trusting();
        let client = DeskClient::new(ServiceBuilder::new().layer(layer).service(outer));
        let left = client.work(0).await.unwrap().into_inner();
        assert!(left <= given && left > given - 100, "{left} of {given}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_has_expired_in_a_servers_queue_never_reaches_the_handler() {
    let (broker, worker) = (Broker::seeded(4), Worker::default());
    let mount = Mount::new(DeskServer::new(worker.clone()))
        .layer(DeadlineLayer::for_server())
        .layer(ConcurrencyLimitLayer::new(1));
    let _server = serve(&broker, Options::new(), mount).await;
    let client = DeskClient::new(channel(&broker, Options::new()).await);
    let first = tokio::spawn(client.work(2000).timeout(MS * 5000));
    sleep(MS).await;
    // Whoever waits for so short a time is not told who has the call, and can't cancel it.
    let others: Vec<_> = (0..10).map(|_| tokio::spawn(client.work(0).timeout(MS * 40))).collect();
    first.await.unwrap().unwrap();
    for other in others {
        assert_eq!(other.await.unwrap().unwrap_err().code(), Code::DeadlineExceeded);
    }
    assert_eq!(worker.handled(), 1);
    client.work(0).timeout(MS * 1000).await.unwrap();
    assert_eq!(worker.handled(), 2);
}

/// A channel finds out first who serves, which takes a while.
#[tokio::test(start_paused = true)]
async fn a_call_of_all_instances_ends_at_its_deadline_and_runs_nowhere_after_it() {
    let (broker, worker) = (Broker::new(), Worker::default());
    let server = serve(&broker, Options::new(), DeskServer::new(worker.clone())).await;
    let client = DeskClient::new(channel(&broker, Options::new()).await);
    let begun = Instant::now();
    let status = client.scatter().work(0).timeout(50 * MS).await.unwrap_err();
    assert_eq!((status.code(), status.is_not_processed()), (Code::DeadlineExceeded, true));
    assert_eq!(begun.elapsed(), 50 * MS);
    sleep(1000 * MS).await;
    assert_eq!(worker.handled(), 0);

    let answers: Vec<_> = client.scatter().work(0).timeout(1000 * MS).await.unwrap().collect().await;
    assert!(matches!(&answers[..], [(id, Ok(_))] if id == server.instance()), "{answers:?}");
    server.shutdown().await;
}
