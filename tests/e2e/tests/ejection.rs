//! An instance that does badly leaves its queue group by itself, and comes back.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use e2e::{Count, LONG, ProbeClient, World, answer, probe, question, until};
use nats_rpc::server::{Ejection, Handle, Standing};
use nats_rpc::{Code, Server, Status};
use tokio::task::JoinSet;

/// An instance that fails when it is told to, and counts its calls.
struct Instance {
    bad: Arc<AtomicBool>,
    calls: Count,
    handle: Handle,
}

impl Instance {
    async fn start(world: &World) -> Self {
        let (bad, calls) = (Arc::new(AtomicBool::new(false)), Count::new());
        let (is_bad, counted) = (Arc::clone(&bad), calls.clone());
        let service = probe(move |_| {
            let (is_bad, counted) = (Arc::clone(&is_bad), counted.clone());
            async move {
                counted.add();
                if is_bad.load(Ordering::SeqCst) { Err(Status::internal("bad")) } else { Ok(answer("good")) }
            }
        });
        // Long enough for the test to look at it.
        let ejection = Ejection::new().with_first_absence(Duration::from_secs(5));
        let server = Server::builder().add_service(service).self_ejection(ejection);
        let handle = server.start(world.connect().await).await.unwrap();
        Self { bad, calls, handle }
    }

    fn standing(&self) -> Standing {
        let standing = self.handle.standings().find(|(subject, _)| *subject == "svc.e2e.v1.Probe");
        standing.unwrap().1
    }

    async fn until(&self, standing: Standing) {
        until(&format!("it is {standing:?}"), || self.standing() == standing).await;
    }
}

/// Calls, one after the other, for as long as this exists. What became of one that does not fail by itself is looked at.
fn call_all_the_time(client: &ProbeClient) -> JoinSet<()> {
    let client = client.clone();
    let mut calls = JoinSet::new();
    calls.spawn(async move {
        loop {
            match client.ask(question("")).timeout(LONG).await {
                Ok(_) => {}
                Err(status) if status.code() == Code::Internal => {}
                // Two others serve, but chance may send a call to this one three times before it has left.
                Err(status) if status.is_not_processed() => {}
                Err(status) => panic!("lost: {status}"),
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    });
    calls
}

/// Whether all of them are good, and go to others.
async fn fifty_calls_pass_by(client: &ProbeClient, instance: &Instance) -> bool {
    let before = instance.calls.get();
    for _ in 0..50 {
        if client.ask(question("")).timeout(LONG).await.is_err() {
            return false;
        }
    }
    instance.calls.get() == before
}

async fn one_of_three_leaves_and_comes_back(world: World) {
    let mut instances = Vec::new();
    for _ in 0..3 {
        instances.push(Instance::start(&world).await);
    }
    let client = world.client().await;
    let mut calls = call_all_the_time(&client);
    instances[0].calls.reach(1).await;
    instances[0].bad.store(true, Ordering::SeqCst);
    instances[0].until(Standing::Ejected).await;
    let begin = Instant::now();
    while !fifty_calls_pass_by(&client, &instances[0]).await {
        assert!(begin.elapsed() < LONG, "it gets calls all the time");
    }
    assert!(instances[1..].iter().all(|instance| instance.standing() == Standing::Serving));
    instances[0].bad.store(false, Ordering::SeqCst);
    let calls_before = instances[0].calls.get();
    instances[0].until(Standing::Serving).await;
    instances[0].calls.reach(calls_before + 10).await;
    assert!(calls.try_join_next().is_none(), "a call was lost");
    calls.abort_all();
    for instance in instances {
        instance.handle.shutdown().await;
    }
}

/// The only one that is left stays, and the one that has left comes back when that one is gone.
async fn somebody_always_serves(world: World) {
    let (one, other) = (Instance::start(&world).await, Instance::start(&world).await);
    // Where everything fails, a breaker would soon let hardly any call through.
    let client = ProbeClient::new(world.bare_channel().await);
    let calls = call_all_the_time(&client);
    one.bad.store(true, Ordering::SeqCst);
    one.until(Standing::Ejected).await;
    other.bad.store(true, Ordering::SeqCst);
    other.calls.reach(other.calls.get() + 100).await;
    assert!([&one, &other].iter().any(|instance| instance.standing() == Standing::Serving));
    drop(calls);
    one.bad.store(false, Ordering::SeqCst);
    other.handle.shutdown().await;
    one.until(Standing::Serving).await;
    assert_eq!(client.ask(question("")).timeout(LONG).await.unwrap().into_inner().text, "good");
}

e2e::on_both! {
    one_of_three_leaves_and_comes_back,
    somebody_always_serves,
}
