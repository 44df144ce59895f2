//! Instances that have left, as their connections and servers come and go.

use std::time::Duration;

use nats_rpc::server::Standing;
use nats_rpc::transport::memory::Options;
use tokio::time::{Instant, sleep};

use crate::calls::{Calls, done};
use crate::work::{Mood, WorkClient};
use crate::world::World;

const SECOND: Duration = Duration::from_secs(1);

async fn one_of_three_left(seed: u64) -> World {
    let world = World::new(seed, 3).await;
    world.instances[0].worker.feels(Mood::Fails);
    let calls = Calls::every(Duration::from_millis(5), world.channel.clone());
    world.until(0, Standing::Ejected, 2 * SECOND).await;
    drop(calls);
    sleep(SECOND).await;
    world
}

#[tokio::test(start_paused = true)]
async fn on_a_new_connection_it_stays_away() {
    let world = one_of_three_left(1).await;
    let runs = world.instances[0].worker.runs();
    world.instances[0].reconnect(&world.broker).await;
    let (calls, begin) = (Calls::every(Duration::from_millis(5), world.channel.clone()), Instant::now());
    sleep(5 * SECOND).await;
    assert_eq!(world.instances[0].standing(), Standing::Ejected);
    assert_eq!(world.instances[0].worker.runs(), runs);
    assert_eq!(done(&calls.since(begin)), 1.0);
    world.instances[0].worker.feels(Mood::Well);
    world.until(0, Standing::Serving, 15 * SECOND).await;
}

#[tokio::test(start_paused = true)]
async fn unless_nobody_serves_by_then() {
    let world = one_of_three_left(2).await;
    world.kill(1);
    world.kill(2);
    world.instances[0].reconnect(&world.broker).await;
    world.until(0, Standing::Serving, Duration::from_millis(1_000)).await;
}

#[tokio::test(start_paused = true)]
async fn after_an_outage_somebody_serves() {
    let world = one_of_three_left(3).await;
    world.broker.stop();
    sleep(3 * SECOND).await;
    world.broker.start();
    sleep(5 * SECOND).await;
    world.instances[0].worker.feels(Mood::Well);
    let (calls, begin) = (Calls::every(Duration::from_millis(5), world.channel.clone()), Instant::now());
    sleep(20 * SECOND).await;
    assert_eq!(done(&calls.since(begin)), 1.0);
    assert_eq!(world.count(Standing::Serving), 3);
}

/// Nothing is left of a server that stops while it is away.
#[tokio::test(start_paused = true)]
async fn who_is_away_can_stop() {
    let world = one_of_three_left(4).await;
    for instance in world.instances {
        let begin = Instant::now();
        instance.handle.shutdown().await;
        assert!(begin.elapsed() < SECOND, "{:?}", begin.elapsed());
    }
    let World { broker, channel, .. } = World { instances: Vec::new(), ..world };
    let client = broker.client(&Options::new()).unwrap();
    let inbox = client.new_inbox();
    let mut answers = client.subscribe(&inbox, None).unwrap();
    for subject in ["svc.ejection.Work.Act", "svc.ejection.Work._up", "svc.ejection.Work._group"] {
        client.publish(subject, Some(&inbox), "");
        assert!(answers.next().await.unwrap().no_responders, "{subject}");
    }
    drop((channel, client, answers, broker));
    sleep(20 * SECOND).await;
    assert_eq!(tokio::runtime::Handle::current().metrics().num_alive_tasks(), 0);
}

/// Discovery, and whoever calls an instance by its name, still find it.
#[tokio::test(start_paused = true)]
async fn who_is_away_can_be_found() {
    let world = one_of_three_left(5).await;
    let client = world.broker.client(&Options::new()).unwrap();
    let inbox = client.new_inbox();
    let mut answers = client.subscribe(&inbox, None).unwrap();
    client.publish("$SRV.PING.ejection_Work", Some(&inbox), "");
    let mut standings = Vec::new();
    for _ in 0..3 {
        let answer: serde_json::Value =
            serde_json::from_slice(&answers.next().await.unwrap().payload).unwrap();
        standings.push(answer["metadata"]["nats-rpc.standing"].as_str().map(str::to_owned));
    }
    standings.sort();
    assert_eq!(standings, [None, None, Some("ejected".to_owned())]);
    let runs = world.instances[0].worker.runs();
    let to_it = world.instances[0].handle.instance();
    let called = WorkClient::new(world.channel.clone()).on_instance(to_it).act(String::new()).await;
    assert_eq!(called.unwrap_err().code(), nats_rpc::Code::Internal);
    assert_eq!(world.instances[0].worker.runs(), runs + 1);
}
