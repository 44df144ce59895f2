//! Without any fault: delivery is immediate.

use nats_rpc::transport::memory::{Broker, Message, Options};

use crate::{arrived, client};

#[tokio::test]
async fn plain_subscriptions_all_and_groups_one_each() {
    let broker = Broker::new();
    let (a, b) = (client(&broker, "a"), client(&broker, "b"));
    let mut plain = a.subscribe("job.*", None).unwrap();
    let mut members = [a.subscribe("job.x", Some("g")).unwrap(), b.subscribe("job.>", Some("g")).unwrap()];
    let mut other = b.subscribe("job.x", Some("h")).unwrap();
    for _ in 0..50 {
        b.publish("job.x", None, "x");
    }
    assert_eq!(arrived(&mut plain).len(), 50);
    assert_eq!(arrived(&mut other).len(), 50);
    let [first, second] = &mut members;
    let (first, second) = (arrived(first).len(), arrived(second).len());
    assert!(first + second == 50 && first > 0 && second > 0, "{first} {second}");
}

#[tokio::test]
async fn the_seed_decides_who_in_a_group_is_chosen() {
    let run = |seed| {
        let broker = Broker::seeded(seed);
        let a = client(&broker, "a");
        let mut members: Vec<_> = (0..4).map(|_| a.subscribe("job", Some("g")).unwrap()).collect();
        let mut chosen = Vec::new();
        for _ in 0..50 {
            a.publish("job", None, "x");
            chosen.extend(members.iter_mut().position(|member| member.try_next().is_some()));
        }
        (chosen, a.new_inbox())
    };
    assert_eq!(run(1), run(1));
    assert_ne!(run(1).0, run(2).0);
    assert_eq!(run(1).0.len(), 50);
}

#[tokio::test]
async fn a_tap_is_a_responder() {
    let broker = Broker::new();
    let (a, b) = (client(&broker, "a"), client(&broker, "b"));
    let mut inbox = a.subscribe("inbox", None).unwrap();
    a.publish("svc.x", Some("inbox"), "nobody");
    assert_eq!(arrived(&mut inbox), ["503"]);
    let mut tap = b.subscribe("svc.>", None).unwrap();
    a.publish("svc.x", Some("inbox"), "tapped");
    assert_eq!(arrived(&mut tap), ["tapped"]);
    assert!(arrived(&mut inbox).is_empty());
    tap.unsubscribe();
    a.publish("svc.x", Some("inbox"), "nobody again");
    assert_eq!(arrived(&mut inbox), ["503"]);
}

#[tokio::test]
async fn only_a_plain_subscription_of_the_publisher_gets_the_503() {
    let broker = Broker::new();
    let (a, b) = (client(&broker, "a"), client(&broker, "b"));
    let mut others = b.subscribe("inbox", None).unwrap();
    let mut queued = a.subscribe("inbox", Some("g")).unwrap();
    a.publish("svc.x", Some("inbox"), "");
    assert!(arrived(&mut others).is_empty() && arrived(&mut queued).is_empty());
}

#[tokio::test]
async fn messages_arrive_whole() {
    let broker = Broker::new();
    let a = client(&broker, "a");
    let mut all = a.subscribe(">", None).unwrap();
    let message = Message::new("x", "body").with_reply("r").with_header("N", "1").with_header("N", "2");
    a.send(message.clone());
    assert_eq!(all.next().await.unwrap(), message);
}

#[tokio::test]
async fn a_message_that_is_too_large_is_not_published() {
    let broker = Broker::new();
    let a = broker.client(&Options::new().max_payload(10)).unwrap();
    let mut all = a.subscribe(">", None).unwrap();
    a.publish("x", None, "0123456789");
    a.publish("x", None, "0123456789a");
    assert_eq!(arrived(&mut all), ["0123456789"]);
}

#[tokio::test]
async fn a_subscription_ends_after_so_many() {
    let broker = Broker::new();
    let a = client(&broker, "a");
    let mut sub = a.subscribe("x", None).unwrap();
    a.publish("x", None, "1");
    sub.unsubscribe_after(3);
    for text in ["2", "3", "4"] {
        a.publish("x", None, text);
    }
    for text in ["1", "2", "3"] {
        assert_eq!(sub.next().await.unwrap().payload, text);
    }
    assert_eq!(sub.next().await, None);
}
