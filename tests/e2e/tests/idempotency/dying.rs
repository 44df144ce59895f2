use std::time::Duration;

use e2e::{World, until, within};
use nats_rpc::Connection;

use super::lossy::Losses;
use super::service::{Service, attempt, lose};

/// The reply is lost with the connection; what was remembered is there when it is restored.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_connection_that_breaks_takes_no_memory_with_it() {
    let world = World::jetstream();
    let mut proxy = world.proxy().await;
    let service = Service::new(Losses::of(|(_, attempt)| attempt == 0));
    let connection = Connection::connect(proxy.url()).await.unwrap();
    let (one, two) =
        (service.start(connection.clone(), "one").await, service.start(world.connect().await, "two").await);
    let channel = world.channel().await;
    within("the test", async {
        lose(&service, &channel, (7, 0), "pay", &one).await;
        proxy.cut().await;
        assert_eq!(attempt(&channel, (7, 1), "pay", Some(&two)).await.unwrap(), "one 1");
        until("the connection is lost", || !connection.is_connected()).await;
        proxy.restore();
        until("the connection is back", || connection.is_connected()).await;
        // The instance has to subscribe again first.
        let mut number = 2;
        let text = loop {
            if let Ok(text) = attempt(&channel, (7, number), "pay", Some(&one)).await {
                break text;
            }
            number += 1;
        };
        assert_eq!(text, "one 1");
        assert_eq!(attempt(&channel, (8, 1), "pay", Some(&one)).await.unwrap(), "one 2");
        assert_eq!(attempt(&channel, (8, 2), "pay", Some(&two)).await.unwrap(), "one 2");
    })
    .await;
    assert_eq!(service.runs.get(), 2);
}

/// Nobody knows how far it got: after the lease another one runs the call.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_call_of_an_instance_that_is_gone_is_run_by_another_one() {
    let world = World::jetstream();
    let mut proxy = world.proxy().await;
    let mut service = Service::new(Losses::of(|_| false));
    service.lease = Duration::from_secs(1);
    let gone = service.start(Connection::connect(proxy.url()).await.unwrap(), "gone").await;
    let two = service.start(world.connect().await, "two").await;
    let channel = world.channel().await;
    within("the test", async {
        let first = tokio::spawn(attempt(&channel, (7, 0), "wait", Some(&gone)));
        service.runs.reach(1).await;
        proxy.cut().await;
        let second = tokio::spawn(attempt(&channel, (7, 1), "wait", Some(&two)));
        service.runs.reach(2).await;
        service.go.add_permits(2);
        assert_eq!(second.await.unwrap().unwrap(), "two 2");
        assert_eq!(attempt(&channel, (7, 2), "wait", Some(&two)).await.unwrap(), "two 2");
        first.abort();
    })
    .await;
    assert_eq!(service.runs.get(), 2);
}
