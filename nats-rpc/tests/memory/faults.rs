//! Messages lost, doubled, late and out of order.

use std::time::Duration;

use nats_rpc::transport::memory::{Broker, Faults};
use tokio::time::Instant;

use crate::{arrived, client};

const fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

#[tokio::test]
async fn a_lost_request_gives_no_503() {
    let broker = Broker::seeded(1);
    let (a, b) = (client(&broker, "a"), client(&broker, "b"));
    let mut served = b.subscribe("svc.x", None).unwrap();
    let mut inbox = a.subscribe("inbox", None).unwrap();
    broker.add_faults(Faults::new().lose(1.0));
    a.publish("svc.x", Some("inbox"), "lost");
    assert!(arrived(&mut served).is_empty() && arrived(&mut inbox).is_empty());
    broker.clear_faults();
    a.publish("svc.x", Some("inbox"), "found");
    assert_eq!(arrived(&mut served), ["found"]);
}

#[tokio::test]
async fn about_as_many_are_lost_and_doubled_as_said() {
    let run = |seed| {
        let broker = Broker::seeded(seed);
        let (a, b) = (client(&broker, "a"), client(&broker, "b"));
        let mut all = b.subscribe("x", None).unwrap();
        broker.add_faults(Faults::new().lose(0.3).duplicate(0.2));
        for number in 0..1000 {
            a.publish("x", None, number.to_string());
        }
        arrived(&mut all)
    };
    let mut seen = run(5);
    assert_eq!(seen, run(5), "a seed repeats it");
    assert_ne!(seen, run(6));
    let all = seen.len();
    seen.dedup();
    let doubled = all - seen.len();
    assert!((640..760).contains(&seen.len()), "{} were not lost", seen.len());
    assert!((90..190).contains(&doubled), "{doubled} came twice");
}

#[tokio::test]
async fn faults_are_for_those_they_name() {
    let broker = Broker::seeded(1);
    let (a, b) = (client(&broker, "a"), client(&broker, "b"));
    let (mut of_a, mut of_b) = (a.subscribe(">", None).unwrap(), b.subscribe(">", None).unwrap());
    broker.add_faults(Faults::new().on("quiet.>").lose(1.0));
    broker.add_faults(Faults::new().from("b").to("a").lose(1.0));
    a.publish("quiet.x", None, "to itself only");
    a.publish("x", None, "from a");
    b.publish("x", None, "from b");
    assert_eq!(arrived(&mut of_a), ["to itself only", "from a"]);
    assert_eq!(arrived(&mut of_b), ["from a", "from b"]);
}

#[tokio::test(start_paused = true)]
async fn what_is_late_keeps_its_order_between_two_connections() {
    let broker = Broker::seeded(9);
    let (a, b) = (client(&broker, "a"), client(&broker, "b"));
    let mut all = b.subscribe(">", None).unwrap();
    let mut odd = b.subscribe("1", None).unwrap();
    broker.add_faults(Faults::new().delay(0.5, ms(1)..=ms(200)));
    let numbers: Vec<String> = (0..100).map(|number| number.to_string()).collect();
    for number in &numbers {
        a.publish("0", None, number.clone());
    }
    a.publish("1", None, "last");
    broker.clear_faults();
    a.publish("1", None, "after the faults");
    assert!(arrived(&mut all).len() < 10 && arrived(&mut odd).is_empty());
    let begin = Instant::now();
    assert_eq!(odd.next().await.unwrap().payload, "last");
    assert!(begin.elapsed() > ms(100) && begin.elapsed() <= ms(201), "{:?}", begin.elapsed());
    assert_eq!(odd.next().await.unwrap().payload, "after the faults");
    let mut rest = arrived(&mut all);
    assert_eq!(rest.split_off(rest.len() - 2), ["last", "after the faults"]);
    assert!(numbers.ends_with(&rest), "{rest:?}");
}

#[tokio::test(start_paused = true)]
async fn only_different_subscriptions_are_reordered() {
    let broker = Broker::seeded(9);
    let (a, b) = (client(&broker, "a"), client(&broker, "b"));
    let (mut x, mut y) = (b.subscribe("x", None).unwrap(), b.subscribe("y", None).unwrap());
    broker.add_faults(Faults::new().on("x").delay(1.0, ms(100)..=ms(200)).reorder(true));
    broker.add_faults(Faults::new().on("y").reorder(true));
    for text in ["1", "2", "3"] {
        a.publish("x", None, text);
    }
    a.publish("y", None, "overtakes");
    assert_eq!(arrived(&mut y), ["overtakes"]);
    for text in ["1", "2", "3"] {
        assert_eq!(x.next().await.unwrap().payload, text);
    }
}

#[tokio::test(start_paused = true)]
async fn a_subscription_stays_in_order_when_reordering_begins_and_ends() {
    let broker = Broker::seeded(9);
    let (a, b) = (client(&broker, "a"), client(&broker, "b"));
    let mut all = b.subscribe("x", None).unwrap();
    let late = Faults::new().delay(1.0, ms(100)..=ms(200));
    for (text, faults) in [("1", late.clone()), ("2", late.reorder(true)), ("3", Faults::new())] {
        broker.add_faults(faults);
        a.publish("x", None, text);
        broker.clear_faults();
    }
    for text in ["1", "2", "3"] {
        assert_eq!(all.next().await.unwrap().payload, text);
    }
}

#[tokio::test(start_paused = true)]
async fn an_earlier_message_does_not_wait_for_a_later_one() {
    let broker = Broker::seeded(1);
    let (a, b) = (client(&broker, "a"), client(&broker, "b"));
    let (mut slow, mut fast) = (b.subscribe("slow", None).unwrap(), b.subscribe("fast", None).unwrap());
    broker.add_faults(Faults::new().on("slow").delay(1.0, ms(5000)..=ms(5000)).reorder(true));
    broker.add_faults(Faults::new().on("fast").delay(1.0, ms(50)..=ms(50)).reorder(true));
    let begin = Instant::now();
    a.publish("slow", None, "");
    // By now the task waits for that one.
    tokio::task::yield_now().await;
    a.publish("fast", None, "");
    fast.next().await.unwrap();
    assert_eq!(begin.elapsed(), ms(50));
    slow.next().await.unwrap();
    assert_eq!(begin.elapsed(), ms(5000));
}

#[tokio::test]
async fn what_a_connection_sends_to_itself_is_spared() {
    let broker = Broker::seeded(1);
    let a = client(&broker, "a");
    let mut own = a.subscribe("x", None).unwrap();
    broker.add_faults(Faults::new().lose(1.0));
    a.publish("x", None, "to myself");
    assert_eq!(arrived(&mut own), ["to myself"]);
}

#[tokio::test(start_paused = true)]
async fn the_task_ends_with_what_is_late() {
    let broker = Broker::seeded(1);
    let (a, b) = (client(&broker, "a"), client(&broker, "b"));
    let mut all = b.subscribe(">", None).unwrap();
    let tasks = || tokio::runtime::Handle::current().metrics().num_alive_tasks();
    let before = tasks();
    for _ in 0..3 {
        broker.add_faults(Faults::new().delay(1.0, ms(10)..=ms(20)));
        a.publish("x", None, "late");
        assert_eq!(tasks(), before + 1);
        all.next().await.unwrap();
        tokio::task::yield_now().await;
        assert_eq!(tasks(), before);
        broker.clear_faults();
        a.publish("x", None, "at once");
        assert_eq!(arrived(&mut all), ["at once"]);
        assert_eq!(tasks(), before);
    }
}

#[test]
fn a_runtime_that_ends_leaves_the_broker_usable() {
    let broker = Broker::seeded(1);
    broker.add_faults(Faults::new().on("x").delay(1.0, ms(10)..=ms(20)));
    for _ in 0..2 {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let (a, b) = (client(&broker, "a"), client(&broker, "b"));
            let mut all = b.subscribe("x", None).unwrap();
            a.publish("x", None, "late");
            assert_eq!(all.next().await.unwrap().payload, "late");
            // Still under way when the runtime ends.
            a.publish("x", None, "too late");
        });
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn order_is_kept_on_many_threads() {
    let broker = Broker::seeded(1);
    let receiver = client(&broker, "receiver");
    broker.add_faults(Faults::new().delay(0.2, Duration::ZERO..=ms(2)));
    let mut publishers = Vec::new();
    for publisher in 0..4 {
        let client = client(&broker, "publisher");
        let subject = format!("from.{publisher}");
        let mut all = receiver.subscribe(&subject, None).unwrap();
        publishers.push(tokio::spawn(async move {
            for number in 0..5000 {
                client.publish(&subject, None, number.to_string());
                if number % 100 == 0 {
                    tokio::task::yield_now().await;
                }
            }
        }));
        publishers.push(tokio::spawn(async move {
            for number in 0..5000 {
                assert_eq!(all.next().await.unwrap().payload, number.to_string());
            }
        }));
    }
    for task in publishers {
        tokio::time::timeout(Duration::from_secs(60), task).await.expect("a message is missing").unwrap();
    }
}
