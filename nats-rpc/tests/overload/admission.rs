//! Who is let in, and who is not.

use std::task::Poll;
use std::time::Duration;

use nats_rpc::layer::{Limit, OverloadLayer};
use nats_rpc::{Code, Context, Method, Priority, Reason};
use tokio::time::Instant;

use crate::handler::Handler;
use crate::worker::{HANG, WORK, Worker};
use crate::{assert_expired, assert_overloaded, call, come, poll, stay, turned_away};

const TAKES: Duration = Duration::from_millis(10);

fn limited(calls: u32) -> OverloadLayer {
    OverloadLayer::new().with_limit(Limit::fixed(calls)).with_queue_percent(0)
}

#[tokio::test(start_paused = true)]
async fn each_priority_has_its_share() {
    let (layer, worker) = (limited(20), Worker::new(TAKES));
    let mut running = Vec::new();
    for (priority, share) in [
        (Priority::Background, 12),
        (Priority::Sheddable, 16),
        (Priority::Default, 19),
        (Priority::Critical, 20),
    ] {
        while running.len() < share {
            running.push(stay(&layer, &worker, priority));
        }
        assert_overloaded(&turned_away(&layer, &worker, call(WORK, priority)));
    }
    let stats = layer.stats();
    assert_eq!((stats.limit, stats.running, stats.queued), (20, 20, 0));
    let rejected = stats.rejected;
    assert_eq!(
        [rejected.critical, rejected.default, rejected.sheddable, rejected.background, rejected.total()],
        [1, 1, 1, 1, 4]
    );
    assert_eq!(worker.started(), 20);
    drop(running);
    assert_eq!(layer.stats().running, 0);
}

#[tokio::test(start_paused = true)]
async fn one_call_always_runs_whatever_its_priority() {
    let (layer, worker) = (limited(1), Worker::new(TAKES));
    for priority in [Priority::Background, Priority::Sheddable, Priority::Default, Priority::Critical] {
        let running = stay(&layer, &worker, priority);
        assert_overloaded(&turned_away(&layer, &worker, call(WORK, priority)));
        drop(running);
    }
}

#[tokio::test(start_paused = true)]
async fn a_place_is_given_back_at_the_end_however_that_comes() {
    let (layer, worker) = (limited(1), Worker::new(TAKES));
    // The answer.
    assert!(stay(&layer, &worker, Priority::Default).await.is_ok());
    assert_eq!(layer.stats().running, 0);
    // The caller gives up.
    drop(stay(&layer, &worker, Priority::Default));
    assert_eq!(layer.stats().running, 0);
    // A panic.
    let panicking = tower::service_fn(|_| async { if true { panic!("as it should") } else { Err("") } });
    let mut service = tower::Layer::layer(&layer, panicking);
    let calling = tower::Service::call(&mut service, call(WORK, Priority::Default));
    assert!(tokio::spawn(calling).await.unwrap_err().is_panic());
    assert_eq!(layer.stats().running, 0);
    // It was let in, and never looked at.
    let calling = tower::Service::call(&mut service, call(WORK, Priority::Default));
    assert_eq!(layer.stats().running, 1);
    drop(calling);
    assert_eq!(layer.stats().running, 0);
}

#[tokio::test(start_paused = true)]
async fn what_comes_too_late_is_not_handled() {
    let (layer, worker) = (limited(10), Worker::new(TAKES));
    let late = call(WORK, Priority::Critical).with_context(Context::new().with_deadline(Instant::now()));
    assert_expired(&turned_away(&layer, &worker, late));
    assert_eq!((worker.started(), layer.stats().expired, layer.stats().running), (0, 1, 0));
}

#[tokio::test(start_paused = true)]
async fn what_is_given_up_is_not_handled() {
    let (layer, worker) = (limited(10), Worker::new(TAKES));
    let (cancelled, handler) = Handler::start().await;
    handler.give_up().await;
    assert!(cancelled.is_cancelled());
    let status = turned_away(&layer, &worker, call(WORK, Priority::Default).with_context(cancelled));
    assert_eq!((status.code(), status.reason()), (Code::Cancelled, Some(Reason::Cancelled)));
    assert!(status.is_not_processed());
    assert_eq!((worker.started(), layer.stats().cancelled), (0, 1));
}

#[tokio::test(start_paused = true)]
async fn clones_count_together_until_they_are_changed() {
    let (layer, worker) = (limited(1), Worker::new(TAKES));
    let clone = layer.clone();
    let changed = layer.clone().with_target_delay(Duration::from_millis(1));
    let _running = stay(&layer, &worker, Priority::Critical);
    assert_overloaded(&turned_away(&clone, &worker, call(WORK, Priority::Critical)));
    assert_eq!((clone.stats().running, changed.stats().running), (1, 0));
    let _another = stay(&changed, &worker, Priority::Critical);
}

#[tokio::test(start_paused = true)]
async fn each_method_can_have_its_own_limit() {
    let limit = |method: &Method| Limit::fixed(if method.name() == "Work" { 2 } else { 1 });
    let layer = OverloadLayer::per_method(limit).with_queue_percent(0);
    let worker = Worker::new(TAKES);
    let (mut hanging, polled) = come(&layer, &worker, call(HANG, Priority::Default));
    assert!(polled.is_pending());
    assert_overloaded(&turned_away(&layer, &worker, call(HANG, Priority::Default)));
    let _first = stay(&layer, &worker, Priority::Critical);
    let _second = stay(&layer, &worker, Priority::Critical);
    assert_overloaded(&turned_away(&layer, &worker, call(WORK, Priority::Critical)));
    let stats = layer.stats();
    assert_eq!((stats.limit, stats.running, stats.rejected.total()), (3, 3, 2));
    let mut per_method: Vec<_> = layer.stats_per_method();
    per_method.sort_by_key(|(method, _)| method.name().to_owned());
    let counts = |(method, stats): &(Method, nats_rpc::layer::OverloadStats)| {
        (method.name().to_owned(), stats.limit, stats.running, stats.rejected.total())
    };
    let counted: Vec<_> = per_method.iter().map(counts).collect();
    assert_eq!(counted, [("Hang".to_owned(), 1, 1, 1), ("Work".to_owned(), 2, 2, 1)]);
    worker.let_go(1);
    assert!(matches!(poll(&mut hanging), Poll::Ready(Ok(_))));
}

#[tokio::test(start_paused = true)]
async fn a_learned_limit_grows_and_falls_with_what_calls_take() {
    let limit = Limit::gradient().with_range(4..=100).with_initial(10);
    let layer = OverloadLayer::new().with_limit(limit).with_queue_percent(0);
    let quick = Worker::new(TAKES);
    for _ in 0..200 {
        let running: Vec<_> =
            (0..layer.stats().limit).map(|_| stay(&layer, &quick, Priority::Critical)).collect();
        for calling in running {
            calling.await.unwrap();
        }
    }
    let grown = layer.stats().limit;
    assert!(grown > 20, "{grown}");
    let slow = Worker::new(10 * TAKES);
    for _ in 0..50 {
        let running: Vec<_> =
            (0..layer.stats().limit).map(|_| stay(&layer, &slow, Priority::Critical)).collect();
        for calling in running {
            calling.await.unwrap();
        }
    }
    assert!(layer.stats().limit < grown / 2, "{grown} -> {}", layer.stats().limit);
}

#[test]
#[should_panic(expected = "a limit of 0 lets no call in")]
fn a_limit_of_nothing_is_refused() {
    let _ = Limit::fixed(0);
}

#[test]
#[should_panic(expected = "begins with the lower number")]
fn an_empty_range_is_refused() {
    #[expect(clippy::reversed_empty_ranges, reason = "that is what is wrong with it")]
    let _ = Limit::gradient().with_range(9..=3);
}
