//! Calls that time out leave nothing behind. In a process of its own: it looks at its memory.

use std::time::{Duration, Instant};

use e2e::{
    Actor, Bystander, LONG, ProbeClient, World, nothing_runs, nothing_waits, question, resident_bytes,
};
use futures_util::StreamExt;
use futures_util::future::join_all;
use nats_rpc::{Channel, Code};

/// Calls at the same time.
const AT_ONCE: usize = 2000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_that_time_out_leave_no_memory_behind() {
    let (world, actor) = (World::nats(), Actor::new());
    let server = world.serve(actor.probe()).await;
    let nats = Bystander::new(&world).await;
    let mut swallowed = nats.client().subscribe("svc.swallow.>").await.unwrap();
    nats.publish("x", "").await;
    tokio::spawn(async move { while swallowed.next().await.is_some() {} });

    let connection = world.connect().await;
    // A breaker would end it soon.
    let channel = Channel::bare(connection.clone());
    let hanging = ProbeClient::new(channel.clone());
    let swallowing = ProbeClient::new(channel.with_subject("e2e.v1.Probe", "svc.swallow").unwrap());
    // So many calls, half of them of each kind; and half of each wait long enough for an ACCEPT.
    let time_out = async |calls: usize| {
        for _ in 0..calls / AT_ONCE {
            let calls = (0..AT_ONCE).map(|n| {
                let client = if n % 2 == 0 { &hanging } else { &swallowing };
                let timeout = Duration::from_millis(if n % 4 < 2 { 40 } else { 60 });
                client.ask(question("hang")).timeout(timeout)
            });
            for outcome in join_all(calls).await {
                assert_eq!(outcome.unwrap_err().code(), Code::DeadlineExceeded);
            }
        }
        nothing_waits(&connection).await;
        nothing_runs(&server).await;
        resident_bytes(std::process::id())
    };
    let begin = Instant::now();
    let before = time_out(50_000).await;
    let after = time_out(150_000).await;
    println!("200,000 calls have timed out after {:?}: {before:?} bytes, then {after:?}", begin.elapsed());
    assert!(actor.started.get() > 0);
    if let (Some(before), Some(after)) = (before, after) {
        assert!(after < before + (8 << 20), "{before} {after}");
    }
    let given = hanging.ask(question("echo next")).timeout(LONG).await.unwrap();
    assert_eq!(given.into_inner().text, "next");
}
