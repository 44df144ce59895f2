use std::convert::Infallible;
use std::future::ready;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use tokio::time::{Instant, timeout};
use tower::limit::ConcurrencyLimitLayer;
use tower::{Service, ServiceBuilder, ServiceExt, service_fn};

use super::FaultLayer;
use super::request::{ABORT, DELAY, PERCENT};
use crate::metadata::Metadata;
use crate::raw::{Body, Call, Reply, ReplyBody};
use crate::spec::{Kind, Method};
use crate::status::{Code, Reason, Status};

const MS: Duration = Duration::from_millis(1);

fn call() -> Call {
    Call::new(Method::dynamic("a.S", "Do", Kind::Unary), Body::Unary(Bytes::new()))
}

fn asking(pairs: &[(&'static str, &'static str)]) -> Call {
    let mut call = call();
    for (key, value) in pairs {
        call.metadata_mut().append(*key, *value).unwrap();
    }
    call
}

fn handler()
-> (impl Service<Call, Response = Reply, Error = Infallible, Future: Send> + Clone + Send, Arc<AtomicUsize>) {
    let handled = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&handled);
    let service = service_fn(move |_: Call| {
        counted.fetch_add(1, Ordering::Relaxed);
        let body = ReplyBody::Unary { message: Bytes::new(), trailers: Metadata::new() };
        ready(Ok(Reply::new(Metadata::new(), body)))
    });
    (service, handled)
}

/// How long each of the calls took and how it failed, if it did; and how many were handled.
async fn outcomes(
    layer: FaultLayer,
    calls: impl IntoIterator<Item = Call>,
) -> (Vec<(Duration, Option<Code>)>, usize) {
    let (service, handled) = handler();
    let mut service = ServiceBuilder::new().layer(layer).service(service);
    let mut outcomes = Vec::new();
    for call in calls {
        let start = Instant::now();
        let outcome = service.ready().await.unwrap().call(call).await;
        outcomes.push((start.elapsed(), outcome.err().map(|status| status.code())));
    }
    (outcomes, handled.load(Ordering::Relaxed))
}

#[tokio::test(start_paused = true)]
async fn a_new_one_injects_nothing_whatever_calls_ask_for() {
    let asking = asking(&[(DELAY, "100"), (ABORT, "14")]);
    assert_eq!(outcomes(FaultLayer::new(), [call(), asking]).await, (vec![(Duration::ZERO, None); 2], 2));
}

#[tokio::test(start_paused = true)]
async fn so_many_percent_fail_and_so_many_are_late() {
    let layer = FaultLayer::new()
        .with_delay(MS * 10..=MS * 20, 30.0)
        .with_abort(Code::Unavailable, "a rehearsal", 10.0)
        .with_seed(1);
    let (given, handled) = outcomes(layer.clone(), (0..2000).map(|_| call())).await;
    let failed = given.iter().filter(|(_, code)| *code == Some(Code::Unavailable)).count();
    let late = given.iter().filter(|(took, _)| *took >= MS * 10).count();
    assert!((160..=240).contains(&failed) && handled == 2000 - failed, "{failed} {handled}");
    assert!((540..=660).contains(&late), "{late}");
    assert!(given.iter().all(|(took, _)| took.is_zero() || (MS * 10..=MS * 21).contains(took)));
    assert!(given.iter().any(|(took, code)| *took >= MS * 10 && code.is_some()), "a late failure");
    let (again, _) = outcomes(layer.clone().with_seed(1), (0..2000).map(|_| call())).await;
    assert_eq!(given, again);
    let (other, _) = outcomes(layer.with_seed(2), (0..2000).map(|_| call())).await;
    assert_ne!(given, other);
}

#[tokio::test(start_paused = true)]
async fn a_failure_looks_like_a_handlers_unless_it_is_to_be_another() {
    let layer = FaultLayer::new().with_abort(Code::Unavailable, "a rehearsal", 100.0);
    let fail = async |layer: FaultLayer| {
        ServiceBuilder::new().layer(layer).service(handler().0).oneshot(call()).await.unwrap_err()
    };
    let status = fail(layer.clone()).await;
    assert_eq!((status.message(), status.is_not_processed(), status.reason()), ("a rehearsal", false, None));
    assert!(fail(layer.with_not_processed()).await.is_not_processed());
}

#[tokio::test(start_paused = true)]
async fn only_some_methods_have_faults() {
    let layer = FaultLayer::new()
        .with_abort(Code::Internal, "", 100.0)
        .with_filter(|method| method.name() == "Other");
    let other = Call::new(Method::dynamic("a.S", "Other", Kind::Unary), Body::Unary(Bytes::new()));
    let (given, _) = outcomes(layer, [call(), other]).await;
    assert_eq!(given.iter().map(|(_, code)| *code).collect::<Vec<_>>(), [None, Some(Code::Internal)]);
}

#[tokio::test(start_paused = true)]
async fn calls_may_ask_for_faults_where_that_is_switched_on() {
    let layer = FaultLayer::new().with_requests().with_abort(Code::Aborted, "", 100.0);
    let calls = [
        call(),
        asking(&[(DELAY, "50")]),
        asking(&[(ABORT, "5")]),
        asking(&[(ABORT, "5"), (DELAY, "50")]),
        asking(&[(ABORT, "5"), (PERCENT, "0")]),
    ];
    let (given, handled) = outcomes(layer.clone(), calls).await;
    let wanted = [
        (Duration::ZERO, Some(Code::Aborted)),
        (MS * 50, None),
        (Duration::ZERO, Some(Code::NotFound)),
        (MS * 50, Some(Code::NotFound)),
        (Duration::ZERO, None),
    ];
    assert_eq!((&given[..], handled), (&wanted[..], 2));
    let half = (0..1000).map(|_| asking(&[(ABORT, "5"), (PERCENT, "50")]));
    let (given, _) = outcomes(layer.with_seed(3), half).await;
    let failed = given.iter().filter(|(_, code)| code.is_some()).count();
    assert!((430..=570).contains(&failed), "{failed}");
}

#[tokio::test(start_paused = true)]
async fn what_means_nothing_is_said_and_not_passed_over() {
    for (pairs, text) in [
        (&[(DELAY, "soon")][..], "x-nats-rpc-fault-delay-ms is not a number"),
        (&[(ABORT, "UNAVAILABLE")], "x-nats-rpc-fault-abort-code is not a number"),
        (&[(ABORT, "0")], "x-nats-rpc-fault-abort-code is no code of a failure, which are 1 to 16"),
        (&[(ABORT, "17")], "x-nats-rpc-fault-abort-code is no code of a failure, which are 1 to 16"),
        (&[(ABORT, "14"), (PERCENT, "101")], "x-nats-rpc-fault-percent is not 0 to 100"),
        (&[(ABORT, "14"), (PERCENT, "NaN")], "x-nats-rpc-fault-percent is not 0 to 100"),
    ] {
        let layer = FaultLayer::new().with_requests();
        let service = ServiceBuilder::new().layer(layer).service(handler().0);
        let status = service.oneshot(asking(pairs)).await.unwrap_err();
        assert_eq!(status.to_string(), format!("INTERNAL: the fault to inject is not clear: {text}"));
    }
}

#[tokio::test(start_paused = true)]
async fn delays_are_capped_and_so_is_how_many_there_are() {
    let layer = FaultLayer::new().with_requests().with_max_delay(MS * 70).with_max_active(2);
    let (given, _) = outcomes(layer.clone(), [asking(&[(DELAY, "18446744073709551615")])]).await;
    assert_eq!(given, [(MS * 70, None)]);
    let service =
        ServiceBuilder::new().layer(layer.with_delay(MS * 30..=MS * 30, 100.0)).service(handler().0);
    for _ in 0..2 {
        let start = Instant::now();
        let late = async |service| {
            ServiceExt::oneshot(service, call()).await.unwrap();
            start.elapsed()
        };
        let took = tokio::join!(late(service.clone()), late(service.clone()), late(service.clone()));
        assert_eq!(took, (MS * 30, MS * 30, Duration::ZERO));
        // One that is given up makes room, too.
        assert!(timeout(MS, service.clone().oneshot(call())).await.is_err());
    }
}

#[tokio::test(start_paused = true)]
async fn a_delay_ends_at_the_deadline() {
    let layer = FaultLayer::new().with_delay(MS * 100..=MS * 100, 100.0);
    let (service, handled) = handler();
    let service = ServiceBuilder::new().layer(layer).service(service);
    let context = crate::call::Context::new().with_deadline(Instant::now() + MS * 40);
    let start = Instant::now();
    let status: Status = service.oneshot(call().with_context(context)).await.unwrap_err();
    assert_eq!((status.code(), status.reason()), (Code::DeadlineExceeded, Some(Reason::Deadline)));
    assert_eq!((start.elapsed(), handled.load(Ordering::Relaxed)), (MS * 40, 0));
}

#[tokio::test(start_paused = true)]
async fn the_service_that_was_ready_gets_the_call() {
    let layers = ServiceBuilder::new()
        .layer(FaultLayer::new().with_delay(MS * 10..=MS * 10, 100.0))
        .layer(ConcurrencyLimitLayer::new(1));
    let mut service = layers.service(handler().0);
    for _ in 0..3 {
        service.ready().await.unwrap().call(call()).await.unwrap();
    }
}

#[test]
#[should_panic(expected = "a percentage of calls is 0 to 100, not 101")]
fn a_percentage_that_is_none_is_refused() {
    let _ = FaultLayer::new().with_abort(Code::Internal, "", 101.0);
}
