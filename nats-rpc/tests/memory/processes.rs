//! Processes that stop, that nothing reaches, and whose connections end.

use std::time::Duration;

use nats_rpc::Code;
use nats_rpc::transport::memory::{Broker, Options};
use tokio::time::{advance, timeout};

use crate::{arrived, client};

#[tokio::test]
async fn a_frozen_process_sends_and_receives_later_and_in_order() {
    let broker = Broker::new();
    let (a, b) = (client(&broker, "a"), client(&broker, "b"));
    let mut of_b = b.subscribe("svc.>", None).unwrap();
    let mut of_a = a.subscribe("reply.*", None).unwrap();
    broker.freeze("b");
    a.publish("svc.x", Some("reply.x"), "1");
    a.publish("svc.y", None, "2");
    b.publish("reply.x", None, "3");
    let mut late = b.subscribe("late", None).unwrap();
    b.publish("reply.y", None, "4");
    a.publish("late", Some("reply.late"), "not yet subscribed");
    assert!(arrived(&mut of_b).is_empty());
    assert_eq!(arrived(&mut of_a), ["503"], "to what it has not subscribed to yet");
    broker.thaw("b");
    assert_eq!(arrived(&mut of_b), ["1", "2"]);
    assert_eq!(arrived(&mut of_a), ["3", "4"]);
    a.publish("late", None, "subscribed");
    a.publish("svc.x", None, "5");
    assert_eq!(arrived(&mut late), ["subscribed"]);
    assert_eq!(arrived(&mut of_b), ["5"]);
}

#[tokio::test]
async fn a_frozen_process_learns_later_that_its_connection_has_ended() {
    let broker = Broker::new();
    let (a, b) = (client(&broker, "a"), client(&broker, "b"));
    let mut of_b = b.subscribe("svc.x", None).unwrap();
    let mut inbox = a.subscribe("inbox", None).unwrap();
    broker.freeze("b");
    a.publish("svc.x", Some("inbox"), "1");
    broker.disconnect("b");
    a.publish("svc.x", Some("inbox"), "2");
    assert_eq!(arrived(&mut inbox), ["503"]);
    assert!(timeout(Duration::from_millis(1), of_b.next()).await.is_err(), "it does not know yet");
    b.publish("inbox", None, "never sent");
    broker.thaw("b");
    assert_eq!(of_b.next().await.unwrap().payload, "1");
    assert_eq!(of_b.next().await, None);
    assert!(arrived(&mut inbox).is_empty());
}

#[tokio::test]
async fn what_a_partition_swallows_is_lost() {
    let broker = Broker::new();
    let (a, b) = (client(&broker, "a"), client(&broker, "b"));
    let mut of_b = b.subscribe("svc.>", None).unwrap();
    let mut of_a = a.subscribe("reply", None).unwrap();
    broker.partition("b");
    a.publish("svc.x", Some("reply"), "1");
    b.publish("reply", None, "2");
    assert_eq!(broker.client(&Options::new().name("b")).unwrap_err().code(), Code::Unavailable);
    broker.heal("b");
    assert!(arrived(&mut of_a).is_empty() && arrived(&mut of_b).is_empty());
    a.publish("svc.x", None, "3");
    b.publish("reply", None, "4");
    assert_eq!(arrived(&mut of_b), ["3"]);
    assert_eq!(arrived(&mut of_a), ["4"]);
}

#[tokio::test]
async fn a_name_stands_for_all_connections_of_a_process() {
    let broker = Broker::new();
    let (a, b, other) = (client(&broker, "a"), client(&broker, "b"), client(&broker, "b"));
    let mut subs = [b.subscribe("x", None).unwrap(), other.subscribe("x", None).unwrap()];
    broker.freeze("b");
    a.publish("x", None, "1");
    assert!(subs.iter_mut().all(|sub| arrived(sub).is_empty()));
    broker.thaw("b");
    assert!(subs.iter_mut().all(|sub| arrived(sub) == ["1"]));
    broker.disconnect("b");
    for mut sub in subs {
        assert_eq!(sub.next().await, None);
    }
    assert_eq!(b.subscribe("x", None).unwrap_err().code(), Code::Unavailable);
}

#[tokio::test(start_paused = true)]
async fn a_connection_comes_back_by_itself() {
    let broker = Broker::seeded(1);
    let connection = broker.connect_with(Options::new().name("a")).await.unwrap();
    broker.disconnect("a");
    until(|| !connection.is_connected()).await;
    until(|| connection.is_connected()).await;

    broker.partition("a");
    broker.disconnect("a");
    until(|| !connection.is_connected()).await;
    advance(Duration::from_secs(60)).await;
    assert!(!connection.is_connected(), "nothing passes a partition");
    broker.heal("a");
    until(|| connection.is_connected()).await;
}

#[tokio::test]
async fn a_stopped_broker_ends_connections_and_refuses_new_ones() {
    let broker = Broker::new();
    let a = client(&broker, "a");
    let mut sub = a.subscribe("x", None).unwrap();
    broker.stop();
    assert_eq!(sub.next().await, None);
    assert_eq!(broker.connect().await.unwrap_err().code(), Code::Unavailable);
    broker.start();
    broker.connect().await.unwrap();
}

/// Lets tasks run, and time pass while they wait, until a condition holds.
async fn until(condition: impl Fn() -> bool) {
    timeout(Duration::from_secs(60), async {
        while !condition() {
            advance(Duration::from_millis(1)).await;
        }
    })
    .await
    .expect("it took too long");
}
