//! Services that one account imports from another.

use std::time::Duration;

use nats_rpc::transport::memory::{Broker, Client, Export, Options, Response, Subscriber};
use tokio::time::advance;

use crate::arrived;

fn of_account(broker: &Broker, account: &str) -> Client {
    broker.client(&Options::new().account(account)).unwrap()
}

/// Account `a` imports `svc.>` from `b` on these terms.
fn world(response: Response) -> (Broker, Client, Client) {
    let broker = Broker::new();
    broker.import("a", &Export::new("b", "svc.>").response(response));
    let (a, b) = (of_account(&broker, "a"), of_account(&broker, "b"));
    (broker, a, b)
}

/// Sends a request and gives the reply subject that the other side sees.
fn request(a: &Client, served: &mut Subscriber) -> String {
    a.publish("svc.x", Some("inbox"), "question");
    served.try_next().unwrap().reply.unwrap()
}

#[tokio::test]
async fn accounts_have_nothing_in_common_but_imports() {
    let (_broker, a, b) = world(Response::Singleton);
    let (mut of_a, mut of_b) = (a.subscribe(">", None).unwrap(), b.subscribe(">", None).unwrap());
    a.publish("x", None, "own");
    a.publish("svc.x", None, "both");
    b.publish("svc.x", None, "not back");
    assert_eq!(arrived(&mut of_a), ["own", "both"]);
    assert_eq!(arrived(&mut of_b), ["both", "not back"]);
}

#[tokio::test]
async fn the_other_side_sees_another_reply_subject_each_time() {
    let (_broker, a, b) = world(Response::Stream);
    let mut served = b.subscribe("svc.x", None).unwrap();
    a.publish("svc.x", Some("inbox"), "1");
    let first = served.try_next().unwrap();
    assert_eq!(first.headers, [("Nats-Request-Info".to_owned(), r#"{"acc":"a","rtt":0}"#.to_owned())]);
    let (first, second) = (first.reply.unwrap(), request(&a, &mut served));
    assert!(first.starts_with("_R_.") && first != second, "{first} {second}");
}

#[tokio::test]
async fn one_answer_passes_a_singleton() {
    let (_broker, a, b) = world(Response::Singleton);
    let (mut served, mut inbox) = (b.subscribe("svc.x", None).unwrap(), a.subscribe("inbox", None).unwrap());
    let mut own = b.subscribe("own", None).unwrap();
    let reply = request(&a, &mut served);
    b.publish(&reply, None, "first");
    b.publish(&reply, None, "second");
    b.publish(&reply, Some("own"), "third");
    assert_eq!(arrived(&mut inbox), ["first"]);
    assert!(arrived(&mut own).is_empty(), "no 503");
}

#[tokio::test]
async fn answers_pass_a_stream_until_an_empty_one() {
    let (_broker, a, b) = world(Response::Stream);
    let (mut served, mut inbox) = (b.subscribe("svc.x", None).unwrap(), a.subscribe("inbox", None).unwrap());
    let reply = request(&a, &mut served);
    for text in ["first", "second", "", "too late"] {
        b.publish(&reply, None, text);
    }
    assert_eq!(arrived(&mut inbox), ["first", "second", ""]);
}

#[tokio::test(start_paused = true)]
async fn what_is_idle_too_long_ends() {
    let (_broker, a, b) = world(Response::Stream);
    let (mut served, mut inbox) = (b.subscribe("svc.x", None).unwrap(), a.subscribe("inbox", None).unwrap());
    let reply = request(&a, &mut served);
    for text in ["after 100 s", "after 200 s"] {
        advance(Duration::from_secs(100)).await;
        b.publish(&reply, None, text);
    }
    advance(Duration::from_secs(121)).await;
    b.publish(&reply, None, "too late");
    assert_eq!(arrived(&mut inbox), ["after 100 s", "after 200 s"]);
}

#[tokio::test]
async fn answers_to_nobody_give_no_503() {
    let (_broker, a, b) = world(Response::Stream);
    let (mut served, mut own) = (b.subscribe("svc.x", None).unwrap(), b.subscribe("own", None).unwrap());
    let reply = request(&a, &mut served);
    b.publish(&reply, Some("own"), "anybody?");
    b.publish("_R_.abcdef.unknown", Some("own"), "or here?");
    assert!(arrived(&mut own).is_empty());
}

#[tokio::test]
async fn nobody_behind_an_import_gives_503() {
    let (_broker, a, b) = world(Response::Singleton);
    let mut inbox = a.subscribe("inbox", None).unwrap();
    a.publish("svc.x", Some("inbox"), "");
    assert_eq!(arrived(&mut inbox), ["503"]);
    let _tap = b.subscribe("svc.>", None).unwrap();
    a.publish("svc.x", Some("inbox"), "");
    assert!(arrived(&mut inbox).is_empty());
}

#[tokio::test]
async fn imports_lead_on_to_imports() {
    let (broker, a, b) = world(Response::Singleton);
    broker.import("z", &Export::new("a", "svc.x").response(Response::Stream));
    let z = of_account(&broker, "z");
    let (mut served, mut inbox) = (b.subscribe("svc.x", None).unwrap(), z.subscribe("inbox", None).unwrap());
    let reply = request(&z, &mut served);
    b.publish(&reply, None, "answer");
    b.publish(&reply, None, "one too many for the second");
    assert_eq!(arrived(&mut inbox), ["answer"]);
    drop((a, served));
    z.publish("svc.x", Some("inbox"), "");
    assert_eq!(arrived(&mut inbox), ["503"]);
}
