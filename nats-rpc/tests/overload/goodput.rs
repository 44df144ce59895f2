//! Three times as many calls as can be handled: what can be done is done, and quickly.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use nats_rpc::layer::{Limit, OverloadLayer};
use nats_rpc::transport::memory::Broker;
use nats_rpc::{Channel, Code, Priority, Server};
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval};
use tower::Service;

use crate::call;
use crate::worker::{WORK, Worker};

/// 20 calls at once that take 10 ms each: 2,000 calls a second.
const TAKES: Duration = Duration::from_millis(10);
const LIMIT: u32 = 20;
const LASTS: Duration = Duration::from_secs(6);
/// As many in each ms.
const OFFERED: usize = 6;

/// Of ten calls one is critical, six are default, two sheddable and one background.
const MIX: [Priority; 10] = [
    Priority::Critical,
    Priority::Default,
    Priority::Default,
    Priority::Sheddable,
    Priority::Default,
    Priority::Default,
    Priority::Background,
    Priority::Default,
    Priority::Sheddable,
    Priority::Default,
];

/// How calls went.
#[derive(Debug, Default)]
struct Book {
    /// How long those took that were handled.
    handled: Vec<Duration>,
    critical: usize,
    critical_handled: usize,
}

impl Book {
    fn p99(&self) -> Duration {
        let mut handled = self.handled.clone();
        handled.sort_unstable();
        handled[handled.len() * 99 / 100]
    }

    fn goodput(&self) -> f64 {
        self.handled.len() as f64 / LASTS.as_secs_f64()
    }
}

async fn channel(worker: &Worker, layer: OverloadLayer) -> (Channel, nats_rpc::server::Handle) {
    let broker = Broker::seeded(7);
    let connection = broker.connect().await.unwrap();
    let server = Server::builder().add_service(worker.clone()).layer(layer).start(connection).await.unwrap();
    (Channel::bare(broker.connect().await.unwrap()), server)
}

/// So many callers, each of which makes one call after the other.
async fn closed_loop(channel: &Channel, callers: usize) -> Book {
    let book = Arc::new(Mutex::new(Book::default()));
    let end = Instant::now() + LASTS;
    let mut tasks = JoinSet::new();
    for _ in 0..callers {
        let (mut channel, book) = (channel.clone(), Arc::clone(&book));
        tasks.spawn(async move {
            while Instant::now() < end {
                let begin = Instant::now();
                channel.call(call(WORK, Priority::Critical)).await.unwrap();
                book.lock().unwrap().handled.push(begin.elapsed());
            }
        });
    }
    tasks.join_all().await;
    Arc::into_inner(book).unwrap().into_inner().unwrap()
}

/// So many calls each ms, whatever becomes of those before.
async fn open_loop(channel: &Channel, per_ms: usize) -> Book {
    let book = Arc::new(Mutex::new(Book::default()));
    let mut tasks = JoinSet::new();
    let mut ticks = interval(Duration::from_millis(1));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    for tick in 0..LASTS.as_millis() as usize {
        ticks.tick().await;
        for n in 0..per_ms {
            let (mut channel, book) = (channel.clone(), Arc::clone(&book));
            let priority = MIX[(tick * per_ms + n) % MIX.len()];
            tasks.spawn(async move {
                let begin = Instant::now();
                let outcome = channel.call(call(WORK, priority).with_timeout(Duration::from_secs(2))).await;
                let took = begin.elapsed();
                let mut book = book.lock().unwrap();
                let (critical, well) = (priority == Priority::Critical, outcome.is_ok());
                book.critical += usize::from(critical);
                book.critical_handled += usize::from(critical && well);
                match outcome {
                    Ok(_) => book.handled.push(took),
                    Err(status) => assert_eq!(status.code(), Code::ResourceExhausted, "{status}"),
                }
            });
        }
    }
    tasks.join_all().await;
    Arc::into_inner(book).unwrap().into_inner().unwrap()
}

#[tokio::test(start_paused = true)]
async fn three_times_what_can_be_handled() {
    let worker = Worker::new(TAKES);
    let layer = OverloadLayer::new().with_limit(Limit::fixed(LIMIT));
    let (channel, server) = channel(&worker, layer.clone()).await;
    let unloaded = closed_loop(&channel, 1).await.p99();
    let peak = closed_loop(&channel, LIMIT as usize).await.goodput();
    let book = open_loop(&channel, OFFERED).await;
    let (goodput, p99) = (book.goodput(), book.p99());
    let critical = book.critical_handled as f64 / book.critical as f64;
    println!(
        "peak {peak:.0}/s, offered {}/s: goodput {goodput:.0}/s ({:.1} % of peak); p99 {p99:?}, unloaded {unloaded:?} \
         ({:.2} times); critical {:.2} %; {:?}",
        OFFERED * 1000,
        100.0 * goodput / peak,
        p99.as_secs_f64() / unloaded.as_secs_f64(),
        100.0 * critical,
        layer.stats(),
    );
    assert!((OFFERED * 1000) as f64 >= 2.9 * peak, "it was no overload: {peak} at most");
    assert!(goodput >= 0.9 * peak, "{goodput} of {peak}");
    assert!(p99 <= 2 * unloaded, "{p99:?}, unloaded {unloaded:?}");
    assert!(critical >= 0.99, "{critical}");
    server.shutdown().await;
    assert_eq!((layer.stats().running, layer.stats().queued), (0, 0));
}
