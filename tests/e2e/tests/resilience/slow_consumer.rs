//! Instances that can't keep up with what they are sent.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use e2e::{LONG, ProbeClient, Program, Question, World, question, until};
use nats_rpc::Code;
use nats_server::Server;

use super::outcomes::{Outcomes, Volume};

const fn at_once(calls: usize) -> Volume {
    Volume { calls, at_once: calls, pause: Duration::ZERO }
}

async fn serves_again(client: &ProbeClient) {
    let begin = Instant::now();
    while let Err(status) = client.ask(question("echo back")).timeout(LONG).await {
        assert!(status.code() == Code::Unavailable && begin.elapsed() < LONG, "{status}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Its handlers hold up the threads that read.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_call_of_a_flood_is_answered_or_fails_and_none_is_lost() {
    let world = World::nats();
    let instance = Program::instance(&world.options()).await;
    let client = world.client().await;
    let ask = |number: usize| {
        let asked = Question { big_number: 1 + number as i64, ..question("block 1") };
        client.ask(asked).timeout(LONG)
    };
    let outcomes = Outcomes::of("a flood", at_once(3_000), ask).await;
    // A call that is lost ends at its deadline, and in no other way.
    let told = [Code::Unavailable, Code::ResourceExhausted];
    assert_eq!(outcomes.failed_otherwise(&told), 0, "{outcomes:?}");
    assert!(outcomes.answered >= 100, "{outcomes:?}");
    serves_again(&client).await;
    // Of calls that may not be repeated none runs twice, and what was answered has run.
    let started = || {
        let lines = instance.lines().into_iter().filter(|line| line.starts_with("started "));
        lines.filter(|line| line != "started 0").collect::<Vec<_>>()
    };
    until("it has said so of all that were answered", || started().len() >= outcomes.answered).await;
    let started = started();
    assert_eq!(started.iter().collect::<HashSet<_>>().len(), started.len(), "a call ran twice");
}

/// The nats-server gives up a client for which too much waits.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_of_an_instance_that_its_nats_server_gives_up_fail_and_it_comes_back() {
    let config = "max_pending: 1048576\nwrite_deadline: \"1s\"";
    let world = World::of(Server::builder().config(config).monitoring(true));
    let instance = Program::instance(&world.options()).await;
    let client = world.client().await;
    client.ask(question("echo first")).timeout(LONG).await.unwrap();
    let slow_consumers = || {
        let varz: serde_json::Value =
            serde_json::from_str(&world.server().monitor("/varz").unwrap()).unwrap();
        varz["slow_consumers"].as_u64().unwrap()
    };
    instance.freeze();
    let begin = Instant::now();
    // More than the buffers between the two can hold.
    let ask = |number: usize| {
        let large = Question { big_number: number as i64, raw_bytes: vec![7; 200_000], ..question("echo x") };
        client.ask(large).timeout(LONG)
    };
    let outcomes = Outcomes::of("a slow consumer", at_once(100), ask).await;
    assert_eq!(outcomes.failed.get(&Code::Unavailable), Some(&100), "{outcomes:?}");
    assert!(begin.elapsed() < LONG / 2, "they wait for their deadline");
    until("the nats-server has given it up", || slow_consumers() > 0).await;
    instance.thaw();
    serves_again(&client).await;
}
