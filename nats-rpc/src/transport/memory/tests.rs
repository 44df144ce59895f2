use std::time::Duration;

use super::{Broker, Options};

#[tokio::test(start_paused = true)]
async fn clocks_agree_apart_from_what_they_are_ahead() {
    let broker = Broker::new();
    let right = broker.connect().await.unwrap();
    tokio::time::advance(Duration::from_millis(1500)).await;
    let ahead = broker.connect_with(Options::new().clock_ahead_ms(13_000)).await.unwrap();
    let behind = broker.connect_with(Options::new().clock_ahead_ms(-250)).await.unwrap();
    let now = |connection: &crate::transport::Connection| connection.epoch().unwrap().now_ms();
    assert_eq!(now(&ahead) - now(&right), 13_000);
    assert_eq!(now(&right) - now(&behind), 250);
    let before = now(&right);
    broker.stop();
    broker.start();
    tokio::time::advance(Duration::from_millis(5000)).await;
    right.next_epoch(None).await;
    ahead.next_epoch(None).await;
    assert_eq!(now(&ahead) - now(&right), 13_000);
    assert!(now(&right) >= before + 5000, "a new epoch goes on with the same clock");
}

#[tokio::test]
async fn the_largest_payload_is_the_connections_own() {
    let broker = Broker::new();
    let usual = broker.connect().await.unwrap();
    let small = broker.connect_with(Options::new().max_payload(64 * 1024)).await.unwrap();
    assert_eq!(usual.epoch().unwrap().max_payload(), 1024 * 1024);
    assert_eq!(small.epoch().unwrap().max_payload(), 64 * 1024);
}
