//! How often instances are asked after their streams, however many there are.

use std::time::Duration;

use futures_util::stream;
use nats_rpc::codegen::Service;
use nats_rpc::raw::{Body, Call};
use nats_rpc::transport::memory::{Broker, Options};
use nats_rpc::{Channel, Server};

use crate::service::{ECHO, Echo};

const INSTANCES: usize = 44;
const SECONDS: u64 = 22;

/// Every client has a stream with every instance. Were each asked every 100 ms, 500 clients would ask 220,000 times a
/// second; `NATS_RPC_CLIENTS=500` shows how often they do.
#[tokio::test(start_paused = true)]
async fn many_pairs_are_asked_less_often() {
    let clients: u64 = std::env::var("NATS_RPC_CLIENTS").map_or(20, |clients| clients.parse().unwrap());
    let broker = Broker::seeded(1);
    let mut servers = Vec::new();
    for _ in 0..INSTANCES {
        let connection = broker.connect().await.unwrap();
        let builder = Server::builder().add_service(Echo::default()).startup_check(Duration::ZERO);
        servers.push(builder.start(connection).await.unwrap());
    }
    let mut open = Vec::new();
    for _ in 0..clients {
        let mut channel = Channel::new(broker.connect().await.unwrap());
        for server in &servers {
            let call = Call::new(ECHO.method(3), Body::Stream(Box::pin(stream::pending())));
            open.push(channel.call(call.with_instance(server.instance().to_owned())).await.unwrap());
        }
    }
    // Intervals grow with the number of pairs: let the last short ones pass.
    tokio::time::sleep(Duration::from_secs(5)).await;
    let tap = broker.client(&Options::new().name("tap")).unwrap();
    let mut questions = tap.subscribe("svc.test.Echo._i.*.h", None).unwrap();
    tokio::time::sleep(Duration::from_secs(SECONDS)).await;
    let mut count = 0;
    while questions.try_next().is_some() {
        count += 1;
    }
    let per_second = count / SECONDS;
    println!(
        "{clients} clients x {INSTANCES} instances: {per_second} questions a second, and as many answers"
    );
    // 44 pairs of a client, asked every 44 x 50 ms.
    assert!((18 * clients..=22 * clients).contains(&per_second), "{per_second}");
    drop(open);
}
