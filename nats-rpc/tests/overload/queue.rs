//! Those that wait.

use std::sync::Mutex;
use std::task::Poll;
use std::time::Duration;

use futures_util::future::join_all;
use nats_rpc::layer::{Limit, OverloadLayer};
use nats_rpc::{Code, Context, Priority};
use tokio::time::{Instant, advance};

use crate::handler::Handler;
use crate::worker::{HANG, WORK, Worker};
use crate::{Calling, assert_expired, assert_overloaded, call, come, poll, stay, turned_away};

const TAKES: Duration = Duration::from_millis(10);

/// One runs, and so many wait.
fn one_runs(waiting: u32) -> (OverloadLayer, Worker) {
    let layer = OverloadLayer::new().with_limit(Limit::fixed(1)).with_queue_percent(100 * waiting);
    (layer, Worker::new(TAKES))
}

fn hang(layer: &OverloadLayer, worker: &Worker) -> Calling {
    let (calling, polled) = come(layer, worker, call(HANG, Priority::Critical));
    assert!(polled.is_pending(), "{polled:?}");
    calling
}

fn is_over(calling: &mut Calling) -> bool {
    poll(calling).is_ready()
}

#[tokio::test(start_paused = true)]
async fn who_waits_runs_when_another_is_done() {
    let (layer, worker) = one_runs(2);
    let calls = [Priority::Default, Priority::Default, Priority::Critical];
    let calls = calls.map(|priority| stay(&layer, &worker, priority));
    assert_eq!((layer.stats().running, layer.stats().queued, worker.started()), (1, 2, 1));
    let order = Mutex::new(Vec::new());
    join_all(["first", "second", "critical"].into_iter().zip(calls).map(async |(name, calling)| {
        calling.await.unwrap();
        order.lock().unwrap().push(name);
    }))
    .await;
    assert_eq!(order.into_inner().unwrap(), ["first", "critical", "second"]);
    assert_eq!((layer.stats().running, layer.stats().queued, worker.started()), (0, 0, 3));
}

#[tokio::test(start_paused = true)]
async fn a_full_queue_takes_nobody_but_a_critical_call() {
    let (layer, worker) = one_runs(1);
    let _running = hang(&layer, &worker);
    let mut waiting = stay(&layer, &worker, Priority::Default);
    assert_overloaded(&turned_away(&layer, &worker, call(WORK, Priority::Default)));
    let critical = stay(&layer, &worker, Priority::Critical);
    let Poll::Ready(Err(status)) = poll(&mut waiting) else { panic!("it still waits") };
    assert_overloaded(&status);
    assert_eq!((layer.stats().queued, layer.stats().rejected.default), (1, 2));
    assert_overloaded(&turned_away(&layer, &worker, call(WORK, Priority::Critical)));
    drop(critical);
}

#[tokio::test(start_paused = true)]
async fn what_may_be_left_out_does_not_wait() {
    let (layer, worker) = one_runs(10);
    let _running = hang(&layer, &worker);
    for priority in [Priority::Sheddable, Priority::Background] {
        assert_overloaded(&turned_away(&layer, &worker, call(WORK, priority)));
    }
    assert_eq!(layer.stats().queued, 0);
}

#[tokio::test(start_paused = true)]
async fn who_is_dropped_frees_its_place_in_the_queue() {
    let (layer, worker) = one_runs(1);
    let _running = hang(&layer, &worker);
    let waiting = stay(&layer, &worker, Priority::Default);
    assert_overloaded(&turned_away(&layer, &worker, call(WORK, Priority::Default)));
    drop(waiting);
    assert_eq!(layer.stats().queued, 0);
    let _next = stay(&layer, &worker, Priority::Default);
    assert_eq!(layer.stats().queued, 1);
}

#[tokio::test(start_paused = true)]
async fn what_was_granted_to_one_that_is_dropped_goes_to_the_next() {
    let (layer, worker) = one_runs(3);
    let running = hang(&layer, &worker);
    let granted = [(); 2].map(|()| stay(&layer, &worker, Priority::Default));
    let mut last = stay(&layer, &worker, Priority::Default);
    drop(running);
    assert_eq!((layer.stats().running, layer.stats().queued), (1, 2));
    // It has been told, and does not look.
    drop(granted);
    assert_eq!((layer.stats().running, layer.stats().queued), (1, 0));
    assert!(poll(&mut last).is_pending());
    assert_eq!(worker.started(), 2);
    last.await.unwrap();
    assert_eq!((layer.stats().running, layer.stats().queued), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn who_is_given_up_by_its_caller_leaves_the_queue() {
    let (layer, worker) = one_runs(1);
    let _running = hang(&layer, &worker);
    let (context, handler) = Handler::start().await;
    let (calling, polled) = come(&layer, &worker, call(WORK, Priority::Default).with_context(context));
    assert!(polled.is_pending());
    let waiting = tokio::spawn(calling);
    handler.give_up().await;
    let status = waiting.await.unwrap().unwrap_err();
    assert_eq!((status.code(), status.is_not_processed()), (Code::Cancelled, true));
    assert_eq!((layer.stats().queued, layer.stats().cancelled), (0, 1));
}

#[tokio::test(start_paused = true)]
async fn patience_ends_after_100_ms_and_in_a_queue_that_stands_after_5() {
    let (layer, worker) = one_runs(10);
    let _running = hang(&layer, &worker);
    let start = Instant::now();
    let mut first = stay(&layer, &worker, Priority::Default);
    advance(Duration::from_millis(97)).await;
    let mut second = stay(&layer, &worker, Priority::Default);
    advance(Duration::from_millis(2)).await;
    let mut third = stay(&layer, &worker, Priority::Default);
    assert!(!is_over(&mut first));
    assert_overloaded(&first.await.unwrap_err());
    assert_eq!(start.elapsed().as_millis(), 100);
    // By now the queue stands, and whoever comes notices who has waited for too long.
    advance(Duration::from_millis(2)).await;
    assert!(!is_over(&mut second));
    let fourth = stay(&layer, &worker, Priority::Default);
    assert_overloaded(&second.await.unwrap_err());
    assert!(!is_over(&mut third));
    let came = Instant::now();
    assert_overloaded(&fourth.await.unwrap_err());
    assert_eq!(came.elapsed().as_millis(), 5);
    assert_eq!((layer.stats().queued, layer.stats().rejected.default), (1, 3));
}

#[tokio::test(start_paused = true)]
async fn in_a_queue_that_stands_the_newest_is_next() {
    let (layer, worker) = one_runs(10);
    let running = hang(&layer, &worker);
    let mut older = stay(&layer, &worker, Priority::Default);
    for _ in 0..40 {
        advance(Duration::from_millis(3)).await;
        older = stay(&layer, &worker, Priority::Default);
    }
    let mut newer = stay(&layer, &worker, Priority::Default);
    assert!(!is_over(&mut older) && !is_over(&mut newer));
    drop(running);
    assert_eq!(worker.started(), 1);
    assert!(!is_over(&mut older));
    assert_eq!(worker.started(), 1);
    assert!(!is_over(&mut newer));
    assert_eq!(worker.started(), 2);
}

#[tokio::test(start_paused = true)]
async fn who_would_wait_past_its_deadline_is_told_at_once() {
    let (layer, worker) = one_runs(100);
    // Ten calls that take 10 ms each show how fast it goes.
    let mut calls: Vec<_> = (0..10).map(|_| stay(&layer, &worker, Priority::Default)).collect();
    for calling in calls.drain(..6) {
        calling.await.unwrap();
    }
    let with_deadline = |ms| {
        let deadline = Instant::now() + Duration::from_millis(ms);
        call(WORK, Priority::Default).with_context(Context::new().with_deadline(deadline))
    };
    let start = Instant::now();
    assert_expired(&turned_away(&layer, &worker, with_deadline(20)));
    assert_eq!(start.elapsed(), Duration::ZERO);
    let (_waiting, polled) = come(&layer, &worker, with_deadline(200));
    assert!(polled.is_pending(), "{polled:?}");
    assert_eq!(layer.stats().expired, 1);
}

#[tokio::test(start_paused = true)]
async fn who_is_overtaken_by_its_deadline_is_told_so() {
    let (layer, worker) = one_runs(1);
    let _running = hang(&layer, &worker);
    let start = Instant::now();
    let context = Context::new().with_deadline(start + Duration::from_millis(30));
    let (calling, polled) = come(&layer, &worker, call(WORK, Priority::Default).with_context(context));
    assert!(polled.is_pending());
    assert_expired(&calling.await.unwrap_err());
    assert_eq!(start.elapsed().as_millis() / 2, 15);
    assert_eq!((layer.stats().queued, layer.stats().expired, worker.started()), (0, 1, 1));
}

#[tokio::test(start_paused = true)]
async fn the_pushback_is_what_the_queue_takes() {
    let (layer, worker) = one_runs(20);
    let layer = layer.with_interval(Duration::from_secs(10));
    let mut calls: Vec<_> = (0..21).map(|_| stay(&layer, &worker, Priority::Default)).collect();
    for calling in calls.drain(..5) {
        calling.await.unwrap();
    }
    let _more: Vec<_> = (0..5).map(|_| stay(&layer, &worker, Priority::Default)).collect();
    for _ in 0..100 {
        // 20 wait, and each takes 10 to 11 ms.
        let pushback = assert_overloaded(&turned_away(&layer, &worker, call(WORK, Priority::Default)));
        assert!((95..=235).contains(&pushback.as_millis()), "{pushback:?}");
    }
    // Nothing has moved for long.
    advance(Duration::from_secs(9)).await;
    let pushback = assert_overloaded(&turned_away(&layer, &worker, call(WORK, Priority::Default)));
    assert!(pushback >= Duration::from_millis(500), "{pushback:?}");
}
