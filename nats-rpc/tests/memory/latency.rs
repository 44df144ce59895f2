//! Connections that are far away.

use std::time::Duration;

use nats_rpc::transport::memory::{Broker, Client, Options};
use tokio::time::Instant;

use crate::arrived;

const fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

fn far(broker: &Broker, one_way: Duration) -> Client {
    broker.client(&Options::new().latency(one_way)).unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_round_trip_passes_four_times() {
    let broker = Broker::new();
    let (a, b) = (far(&broker, ms(75)), far(&broker, ms(75)));
    let mut served = b.subscribe("svc.x", None).unwrap();
    let mut inbox = a.subscribe("inbox", None).unwrap();
    // What is subscribed later is known later.
    a.publish("svc.x", Some("inbox"), "");
    let begin = Instant::now();
    assert_eq!(served.next().await.unwrap().payload, "");
    assert_eq!(begin.elapsed(), ms(150));
    b.publish("inbox", None, "answer");
    assert_eq!(inbox.next().await.unwrap().payload, "answer");
    assert_eq!(begin.elapsed(), ms(300));
}

#[tokio::test(start_paused = true)]
async fn a_503_comes_from_the_own_node() {
    let broker = Broker::new();
    let (a, _b) = (far(&broker, ms(10)), far(&broker, ms(1000)));
    let mut inbox = a.subscribe("inbox", None).unwrap();
    let begin = Instant::now();
    a.publish("svc.x", Some("inbox"), "");
    assert!(inbox.next().await.unwrap().no_responders);
    assert_eq!(begin.elapsed(), ms(20));
}

#[tokio::test(start_paused = true)]
async fn jitter_keeps_the_order_of_one_connection() {
    let broker = Broker::seeded(4);
    let options = Options::new().latency(ms(5)).jitter(ms(50));
    let (a, b) = (broker.client(&options).unwrap(), broker.client(&options).unwrap());
    let mut all = b.subscribe("x", None).unwrap();
    tokio::time::advance(ms(100)).await;
    let begin = Instant::now();
    let numbers: Vec<String> = (0..100).map(|number| number.to_string()).collect();
    for number in &numbers {
        a.publish("x", None, number.clone());
    }
    let mut seen = vec![String::from_utf8(all.next().await.unwrap().payload.to_vec()).unwrap()];
    assert!((ms(10)..=ms(110)).contains(&begin.elapsed()), "{:?}", begin.elapsed());
    tokio::time::sleep(ms(110)).await;
    seen.extend(arrived(&mut all));
    assert_eq!(seen, numbers);
}

#[tokio::test(start_paused = true)]
async fn what_was_published_before_closing_arrives() {
    let broker = Broker::new();
    let (a, b) = (far(&broker, ms(50)), far(&broker, ms(50)));
    let mut all = b.subscribe("x", None).unwrap();
    tokio::time::advance(ms(50)).await;
    a.publish("x", None, "last words");
    drop(a);
    assert_eq!(all.next().await.unwrap().payload, "last words");
}

#[tokio::test(start_paused = true)]
async fn what_was_under_way_is_lost_with_the_connection() {
    let broker = Broker::new();
    let a = broker.client(&Options::new().name("a").latency(ms(50))).unwrap();
    let b = broker.client(&Options::new()).unwrap();
    let (mut of_a, mut of_b) = (a.subscribe("a", None).unwrap(), b.subscribe("b", None).unwrap());
    tokio::time::sleep(ms(60)).await;
    a.publish("b", None, "lost");
    b.publish("a", None, "lost");
    broker.disconnect("a");
    assert_eq!(of_a.next().await, None);
    tokio::time::sleep(ms(60)).await;
    assert!(arrived(&mut of_b).is_empty());
}
