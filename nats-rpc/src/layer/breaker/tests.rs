use std::future::Future;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::join_all;
use tokio::time::{Instant, advance, timeout};
use tower::{Layer, Service, ServiceExt, service_fn};

use super::{Breaker, BreakerCause, BreakerHandle, BreakerLayer, BreakerState};
use crate::call::Context;
use crate::metadata::Metadata;
use crate::raw::{Body, Call, Reply, ReplyBody};
use crate::spec::{BreakerSpec, Kind, Method, Spec};
use crate::status::details::RetryInfo;
use crate::status::{BoxError, Code, Origin, Pushback, Reason, Status};

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);

/// What the service does with its next calls.
#[derive(Clone, Copy)]
enum Does {
    Answer,
    Fail(fn() -> Status),
    Hang,
}

#[derive(Clone)]
struct Role(Arc<Mutex<Does>>);

impl Role {
    fn set(&self, does: Does) {
        *self.0.lock().unwrap() = does;
    }
}

/// A service behind a breaker, and what it does.
fn service(layer: &BreakerLayer) -> (Breaker<impl Inner + use<>>, Role) {
    let role = Role(Arc::new(Mutex::new(Does::Answer)));
    let own = role.clone();
    let inner = service_fn(move |_: Call| {
        let does = *own.0.lock().unwrap();
        async move {
            match does {
                Does::Answer => Ok::<_, BoxError>(answer()),
                Does::Fail(status) => Err(status().into()),
                Does::Hang => std::future::pending().await,
            }
        }
    });
    (layer.layer(inner), role)
}

trait Inner: Service<Call, Response = Reply, Error = BoxError, Future: Send> + Clone {}

impl<S: Service<Call, Response = Reply, Error = BoxError, Future: Send> + Clone> Inner for S {}

fn answer() -> Reply {
    let body = ReplyBody::Unary { message: Bytes::new(), trailers: Metadata::new() };
    Reply::new(Metadata::new(), body)
}

fn method(name: &str) -> Method {
    Method::dynamic("test.Service", name, Kind::Unary)
}

fn call() -> Call {
    Call::new(method("Do"), Body::Unary(Bytes::new()))
}

fn with_deadline() -> Call {
    call().with_context(Context::new().with_deadline(Instant::now() + SECOND))
}

async fn calls(service: &Breaker<impl Inner>, count: usize) -> Vec<Result<(), Status>> {
    let mut results = Vec::new();
    for _ in 0..count {
        results.push(service.clone().oneshot(call()).await.map(drop));
    }
    results
}

fn state(handle: &BreakerHandle) -> BreakerState {
    handle.circuit(&method("Do")).state()
}

fn internal() -> Status {
    Status::internal("").with_origin(Origin::Remote)
}

#[tokio::test(start_paused = true)]
async fn what_is_rejected_says_all_that_callers_need() {
    let layer = BreakerLayer::new();
    let (service, role) = service(&layer);
    role.set(Does::Fail(internal));
    assert_eq!(calls(&service, 20).await.last().unwrap().as_ref().unwrap_err().code(), Code::Internal);
    role.set(Does::Answer);
    let status = calls(&service, 1).await.pop().unwrap().unwrap_err();
    assert_eq!((status.code(), status.reason()), (Code::Unavailable, Some(Reason::CircuitOpen)));
    assert!(status.is_not_processed());
    assert_eq!(status.pushback(), Some(Pushback::Never));
    let delay = status.detail::<RetryInfo>().unwrap().retry_delay.unwrap();
    let delay = Duration::try_from(delay).unwrap();
    assert!(delay >= SECOND * 4 / 5 && delay <= SECOND * 6 / 5, "{delay:?}");

    layer.handle().circuit(&method("Do")).isolate();
    let status = calls(&service, 1).await.pop().unwrap().unwrap_err();
    assert_eq!((status.code(), status.reason()), (Code::Unavailable, Some(Reason::CircuitOpen)));
    assert_eq!(status.detail::<RetryInfo>(), None);
}

#[tokio::test(start_paused = true)]
async fn it_opens_tries_ramps_and_closes() {
    let changes = Arc::new(Mutex::new(Vec::new()));
    let told = Arc::clone(&changes);
    let layer = BreakerLayer::new().on_change(move |change| told.lock().unwrap().push(change.clone()));
    let (service, role) = service(&layer);
    role.set(Does::Fail(internal));
    let failed = calls(&service, 100).await;
    let sent = failed.iter().filter(|result| result.as_ref().unwrap_err().code() == Code::Internal);
    assert_eq!(sent.count(), 20);
    role.set(Does::Answer);
    advance(SECOND * 6 / 5).await;
    assert!(calls(&service, 3).await.iter().all(Result::is_ok));
    for admitted in [10, 25, 50, 100] {
        assert_eq!(calls(&service, 100).await.iter().filter(|result| result.is_ok()).count(), admitted);
        advance(SECOND / 2).await;
    }
    assert_eq!(state(&layer.handle()), BreakerState::Closed);
    let changes = changes.lock().unwrap();
    let causes: Vec<_> = changes.iter().map(|change| (change.to, change.cause)).collect();
    assert_eq!(
        causes,
        [
            (BreakerState::Open, BreakerCause::FailureRatio { failures: 20, calls: 20 }),
            (BreakerState::HalfOpen, BreakerCause::Waited),
            (BreakerState::Ramp, BreakerCause::ProbesSucceeded),
            (BreakerState::Closed, BreakerCause::RampEnded),
        ]
    );
    assert!(changes.iter().all(|change| change.method.name() == "Do"));
}

/// A defect of others: calls that a timeout around them drops are never seen.
#[tokio::test(start_paused = true)]
async fn calls_that_are_dropped_after_their_deadline_have_failed() {
    let layer = BreakerLayer::new();
    let (service, role) = service(&layer);
    role.set(Does::Hang);
    let calls = (0..20).map(|_| timeout(SECOND, service.clone().oneshot(with_deadline())));
    assert!(join_all(calls).await.iter().all(Result::is_err));
    assert_eq!(state(&layer.handle()), BreakerState::Open);
}

#[tokio::test(start_paused = true)]
async fn a_timeout_that_is_no_deadline_yet_counts_as_one() {
    let layer = BreakerLayer::new();
    let (service, role) = service(&layer);
    role.set(Does::Hang);
    let calls = (0..20).map(|_| timeout(SECOND, service.clone().oneshot(call().with_timeout(SECOND))));
    assert!(join_all(calls).await.iter().all(Result::is_err));
    assert_eq!(state(&layer.handle()), BreakerState::Open);
}

#[tokio::test(start_paused = true)]
async fn calls_that_are_given_up_in_time_are_not_counted() {
    let layer = BreakerLayer::new();
    let (service, role) = service(&layer);
    role.set(Does::Hang);
    for _ in 0..100 {
        assert!(timeout(SECOND / 2, service.clone().oneshot(with_deadline())).await.is_err());
        assert!(timeout(SECOND, service.clone().oneshot(call())).await.is_err());
    }
    assert_eq!(state(&layer.handle()), BreakerState::Closed);
}

#[tokio::test(start_paused = true)]
async fn a_trial_that_is_given_up_makes_room_for_the_next_one() {
    let layer = BreakerLayer::new();
    let (service, role) = service(&layer);
    layer.handle().circuit(&method("Do")).force_open();
    advance(SECOND * 2).await;
    role.set(Does::Hang);
    let trial = tokio::spawn(service.clone().oneshot(call()));
    tokio::task::yield_now().await;
    assert!(calls(&service, 1).await[0].is_err());
    trial.abort();
    assert!(trial.await.unwrap_err().is_cancelled());
    role.set(Does::Answer);
    assert!(calls(&service, 1).await[0].is_ok());
}

/// Others serve while one instance stops or is replaced.
#[tokio::test(start_paused = true)]
async fn instances_that_leave_say_nothing_of_their_service() {
    let leaving = || Status::unavailable("").with_origin(Origin::Remote).with_not_processed();
    let layer = BreakerLayer::new();
    let (service, role) = service(&layer);
    role.set(Does::Fail(leaving));
    assert!(
        calls(&service, 1000).await.iter().all(|result| {
            result.as_ref().is_err_and(|status| status.reason() != Some(Reason::CircuitOpen))
        })
    );
    assert_eq!(state(&layer.handle()), BreakerState::Closed);

    // A trial that comes to one is no success, and the next call tries.
    layer.handle().circuit(&method("Do")).force_open();
    advance(SECOND * 2).await;
    for _ in 0..3 {
        let status = calls(&service, 1).await.pop().unwrap().unwrap_err();
        assert_eq!(status.reason(), None);
        assert_eq!(state(&layer.handle()), BreakerState::HalfOpen);
    }
    role.set(Does::Answer);
    assert!(calls(&service, 2).await.iter().all(Result::is_ok));
    assert_eq!(state(&layer.handle()), BreakerState::HalfOpen);
    assert!(calls(&service, 1).await[0].is_ok());
    assert_eq!(state(&layer.handle()), BreakerState::Ramp);
}

#[tokio::test(start_paused = true)]
async fn a_trial_that_hangs_is_over_at_its_deadline() {
    let layer = BreakerLayer::new();
    let (service, role) = service(&layer);
    layer.handle().circuit(&method("Do")).force_open();
    advance(SECOND * 2).await;
    role.set(Does::Hang);
    let trial = tokio::spawn(service.clone().oneshot(with_deadline()));
    tokio::task::yield_now().await;
    assert_eq!(state(&layer.handle()), BreakerState::HalfOpen);
    advance(SECOND).await;
    assert_eq!(state(&layer.handle()), BreakerState::Open);
    role.set(Does::Answer);
    advance(SECOND * 3).await;
    assert!(calls(&service, 1).await[0].is_ok());
    trial.abort();
}

#[tokio::test(start_paused = true)]
async fn a_service_that_is_not_there_opens_nothing() {
    let nowhere: [fn() -> Status; 2] = [
        || Status::transport("").with_reason(Reason::NotConnected).with_not_processed(),
        || Status::transport("").with_reason(Reason::NoResponders).with_not_processed(),
    ];
    let layer = BreakerLayer::new();
    let (service, role) = service(&layer);
    let handle = layer.handle();
    for nowhere in nowhere {
        assert!(handle.reachable("test.Service"));
        role.set(Does::Fail(nowhere));
        assert!(calls(&service, 1000).await.iter().all(|result| {
            result.as_ref().is_err_and(|status| status.reason() != Some(Reason::CircuitOpen))
        }));
        assert!(!handle.reachable("test.Service") && handle.reachable("another.Service"));
        assert_eq!(state(&handle), BreakerState::Closed);
        role.set(Does::Answer);
        assert!(calls(&service, 1).await[0].is_ok());
    }
}

#[tokio::test(start_paused = true)]
async fn an_error_of_another_layer_is_a_failure() {
    let layer = BreakerLayer::new();
    let inner = service_fn(|_: Call| async { Err::<Reply, BoxError>("broken".into()) });
    let service = layer.layer(inner);
    assert_eq!(calls(&service, 20).await[0].as_ref().unwrap_err().code(), Code::Unknown);
    assert_eq!(state(&layer.handle()), BreakerState::Open);
}

#[tokio::test(start_paused = true)]
async fn each_method_has_its_own_and_its_own_limits() {
    static NEVER: Spec = Spec::new("test.Service", "Never", 0, Kind::Unary).with_breaker(BreakerSpec::off());
    static SOON: Spec = Spec::new("test.Service", "Soon", 1, Kind::Unary)
        .with_breaker(BreakerSpec::new().with_min_calls(3).with_open(MINUTE).with_max_open(MINUTE));
    let layer = BreakerLayer::new();
    let (service, role) = service(&layer);
    role.set(Does::Fail(internal));
    let methods = [(Method::from(&NEVER), 100), (Method::from(&SOON), 3), (method("Do"), 20)];
    for (method, sent) in methods {
        for number in 1..=100 {
            let call = Call::new(method.clone(), Body::Unary(Bytes::new()));
            let status = service.clone().oneshot(call).await.unwrap_err();
            assert_eq!(status.reason() == Some(Reason::CircuitOpen), number > sent, "{method} {number}");
        }
    }
    assert_eq!(layer.handle().circuits().len(), 3);
    advance(SECOND * 30).await;
    assert_eq!(layer.handle().circuit(&Method::from(&SOON)).state(), BreakerState::Open);
}

#[tokio::test(start_paused = true)]
async fn calls_to_one_instance_go_their_own_way() {
    let layer = BreakerLayer::new();
    let (service, role) = service(&layer);
    role.set(Does::Fail(internal));
    for _ in 0..100 {
        assert!(service.clone().oneshot(call().with_instance("one")).await.is_err());
    }
    let circuit = layer.handle().circuit(&method("Do"));
    assert_eq!(circuit.state(), BreakerState::Closed);
    circuit.isolate();
    role.set(Does::Answer);
    assert!(service.clone().oneshot(call().with_instance("one")).await.is_ok());
    assert!(service.oneshot(call()).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn the_callback_may_change_things_and_panic() {
    let handle: Arc<Mutex<Option<BreakerHandle>>> = Arc::default();
    let own = Arc::clone(&handle);
    let layer = BreakerLayer::new().on_change(move |change| {
        let handle = own.lock().unwrap().clone().unwrap();
        if change.to == BreakerState::Open {
            handle.circuit(&change.method).isolate();
        }
        assert_ne!(change.to, BreakerState::Isolated, "the callback panics");
    });
    *handle.lock().unwrap() = Some(layer.handle());
    let (service, role) = service(&layer);
    role.set(Does::Fail(internal));
    calls(&service, 20).await;
    assert_eq!(state(&layer.handle()), BreakerState::Isolated);
    layer.handle().circuit(&method("Do")).reset();
    role.set(Does::Answer);
    assert!(calls(&service, 1).await[0].is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_call_that_goes_through_allocates_nothing() {
    let inner = service_fn(|_: Call| std::future::ready(Ok::<_, Status>(answer())));
    let mut service = BreakerLayer::new().layer(inner);
    service.call(call()).await.unwrap();
    let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
    let next = call();
    let allocations = allocation_counter::measure(|| {
        let mut future = std::pin::pin!(service.call(next));
        assert!(future.as_mut().poll(&mut cx).is_ready());
    });
    assert_eq!(allocations.count_total, 0);
}
