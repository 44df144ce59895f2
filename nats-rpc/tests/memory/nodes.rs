//! A cluster whose routes are black holes.

use nats_rpc::transport::memory::{Broker, Client, Options};

use crate::arrived;

fn on_node(broker: &Broker, node: &str) -> Client {
    broker.client(&Options::new().node(node)).unwrap()
}

#[tokio::test]
async fn messages_vanish_on_a_cut_route_without_a_503() {
    let broker = Broker::seeded(3);
    let (a, b, c) = (on_node(&broker, "a"), on_node(&broker, "b"), on_node(&broker, "c"));
    let mut far = b.subscribe("svc.x", None).unwrap();
    let mut inbox = a.subscribe("inbox", None).unwrap();
    broker.cut_route("b", "a");
    a.publish("svc.x", Some("inbox"), "lost");
    c.publish("svc.x", None, "by another route");
    b.publish("inbox", None, "lost as well");
    assert_eq!(arrived(&mut far), ["by another route"]);
    assert!(arrived(&mut inbox).is_empty());
    broker.heal_route("a", "b");
    a.publish("svc.x", Some("inbox"), "healed");
    assert_eq!(arrived(&mut far), ["healed"]);
}

#[tokio::test]
async fn groups_still_choose_members_that_cannot_be_reached() {
    let broker = Broker::seeded(3);
    let (a, b) = (on_node(&broker, "a"), on_node(&broker, "b"));
    let mut near = a.subscribe("svc.x", Some("q")).unwrap();
    let mut far = b.subscribe("svc.x", Some("q")).unwrap();
    broker.cut_route("a", "b");
    for _ in 0..100 {
        a.publish("svc.x", None, "x");
    }
    let near = arrived(&mut near).len();
    assert!((20..80).contains(&near), "{near}");
    assert!(arrived(&mut far).is_empty());
}
