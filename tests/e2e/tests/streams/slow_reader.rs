//! Much to send to somebody who reads slowly, or not at all for a while.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use e2e::proto::Order;
use e2e::{Feeder, LONG, Pace, Piece, Program, World, resident_bytes};
use futures_util::StreamExt;

use super::scene::{Calling, Serving};

const MESSAGES: u64 = 1000;
const LENGTH: usize = 100_000;
/// What a sender may need besides what it has at its start, in bytes.
const MOST: u64 = 32 << 20;

/// The most memory that a process has while something goes on, looked at again and again.
async fn peak<T>(pid: u32, what: &str, during: impl Future<Output = T>) -> (u64, T) {
    let start = resident_bytes(pid).unwrap_or_default();
    let mut peak = start;
    let mut during = std::pin::pin!(during);
    let done = loop {
        tokio::select! {
            biased;
            done = &mut during => break done,
            () = tokio::time::sleep(Duration::from_millis(20)) => {
                peak = peak.max(resident_bytes(pid).unwrap_or_default());
            }
        }
    };
    println!("{what}: {} MiB at its start, {} MiB at most", start >> 20, peak >> 20);
    (peak - start, done)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_does_not_collect_what_a_client_does_not_read() {
    let world = World::nats();
    let feeder = Program::feeder(&world.options()).await;
    let calling = Calling::of(&world).await;
    let order = Order { count: MESSAGES, length: LENGTH as u32, pause_ms: 0 };
    let read = async {
        let mut pieces = calling.client.watch(order).await.unwrap().into_inner();
        let mut number = 0;
        while let Some(piece) = pieces.next().await {
            piece.unwrap().check(number).unwrap();
            number += 1;
            let pause = if number == MESSAGES / 4 { 1000 } else { 1 };
            tokio::time::sleep(Duration::from_millis(pause)).await;
        }
        assert_eq!(number, MESSAGES);
    };
    let (calls, longest) = (AtomicU64::new(0), AtomicU64::new(0));
    // On the same connections.
    let ask = async {
        loop {
            let (number, begin) = (calls.fetch_add(1, Ordering::Relaxed), Instant::now());
            let echo = calling.client.echo(Piece::new(number, 100)).timeout(LONG);
            echo.await.unwrap().into_inner().check(number).unwrap();
            longest.fetch_max(begin.elapsed().as_micros() as u64, Ordering::Relaxed);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let both = async {
        tokio::select! {
            () = read => {}
            () = ask => {}
        }
    };
    let (more, ()) = peak(feeder.pid(), "a server that sends 100 MB to a slow reader", both).await;
    println!("{calls:?} unary calls beside it, the longest took {longest:?} us");
    assert!(more < MOST, "{more}");
    assert!(calls.into_inner() > 20);
    calling.nothing_is_left().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_does_not_collect_what_a_server_does_not_read() {
    let world = World::nats();
    let serving = Serving::on(world.connect().await).await;
    let pace = Pace::of(MESSAGES, LENGTH).read_slowly(Duration::from_millis(1));
    let mut follower = Program::follower(&world.options(), pace).await;
    let pid = follower.pid();
    let ends = async {
        for kind in e2e::FlowKind::ALL {
            follower.wait_for(&format!("{kind} has ended after {MESSAGES}")).await;
        }
    };
    let (more, ()) = peak(pid, "a client that sends 100 MB twice to a slow reader", ends).await;
    assert!(more < MOST, "{more}");
    let Feeder { ended, .. } = &serving.feeder;
    assert_eq!(ended.get(), 3);
    serving.nothing_is_left().await;
}
