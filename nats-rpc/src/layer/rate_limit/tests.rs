use std::time::Duration;

use bytes::Bytes;
use tokio::time::{Instant, advance};

use super::store::MAX_KEYS;
use super::{Rate, RateLimitLayer};
use crate::layer::Gate;
use crate::raw::{Body, Call};
use crate::spec::{Kind, Method};
use crate::status::{Code, Pushback, Reason, Status};

fn call(method: &'static str) -> Call {
    Call::new(Method::dynamic("shop.v1.Shop", method, Kind::Unary), Body::Unary(Bytes::new()))
}

fn by(caller: u32) -> Call {
    let mut call = call("Buy");
    call.extensions_mut().insert(caller);
    call
}

/// How many of so many calls at once are let through.
async fn passed<G: Gate>(layer: &G, calls: usize, call: impl Fn() -> Call) -> usize {
    let mut passed = 0;
    for _ in 0..calls {
        passed += usize::from(layer.pass(call()).await.is_ok());
    }
    passed
}

#[tokio::test(start_paused = true)]
async fn a_burst_passes_and_then_the_rate() {
    let layer = RateLimitLayer::new(Rate::per_second(100).with_burst(10));
    assert_eq!(passed(&layer, 50, || call("Buy")).await, 10);
    advance(Duration::from_millis(50)).await;
    assert_eq!(passed(&layer, 50, || call("Buy")).await, 5);
    // Of more than can come, as many as the rate says, whatever the time between them.
    let (start, mut through) = (Instant::now(), 0);
    while start.elapsed() < Duration::from_secs(10) {
        advance(Duration::from_millis(3)).await;
        through += passed(&layer, 1, || call("Buy")).await;
    }
    assert!((999..=1001).contains(&through), "{through} of 1000");
    // A pause saves up no more than the burst.
    advance(Duration::from_secs(60)).await;
    assert_eq!(passed(&layer, 50, || call("Buy")).await, 10);
}

#[tokio::test(start_paused = true)]
async fn one_too_many_is_told_how_long_to_wait() {
    let layer = RateLimitLayer::new(Rate::per_second(7).with_burst(1));
    layer.pass(call("Buy")).await.unwrap();
    let status: Status = layer.pass(call("Buy")).await.unwrap_err();
    assert_eq!((status.code(), status.reason()), (Code::ResourceExhausted, Some(Reason::RateLimited)));
    assert!(status.is_not_processed());
    // A seventh of a second, rounded up.
    assert_eq!(status.pushback(), Some(Pushback::After(Duration::from_millis(143))));
    advance(Duration::from_millis(142)).await;
    assert!(layer.pass(call("Buy")).await.is_err());
    advance(Duration::from_millis(1)).await;
    assert!(layer.pass(call("Buy")).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn keys_do_not_take_from_each_other() {
    let rate = Rate::per_minute(5);
    let per_method = RateLimitLayer::per_method(rate);
    assert_eq!(passed(&per_method, 10, || call("Buy")).await, 5);
    assert_eq!(passed(&per_method, 10, || call("Sell")).await, 5);
    let per_principal = RateLimitLayer::per_principal::<u32>(rate);
    for caller in 0..3 {
        assert_eq!(passed(&per_principal, 10, || by(caller)).await, 5);
    }
    assert_eq!(passed(&per_principal, 10, || call("Buy")).await, 5);
    let per_metadata = RateLimitLayer::per_metadata(rate, "x-tenant");
    for tenant in ["a", "b"] {
        let of_tenant = || {
            let mut call = call("Buy");
            call.metadata_mut().insert("x-tenant", tenant).unwrap();
            call
        };
        assert_eq!(passed(&per_metadata, 10, of_tenant).await, 5);
    }
}

#[tokio::test(start_paused = true)]
async fn clones_and_services_share_a_limit() {
    let layer = RateLimitLayer::new(Rate::per_second(5));
    assert_eq!(passed(&layer.clone(), 3, || call("Buy")).await, 3);
    assert_eq!(passed(&layer, 5, || call("Buy")).await, 2);
}

#[tokio::test(start_paused = true)]
async fn quiet_keys_are_forgotten_and_many_keys_are_bounded() {
    let layer = RateLimitLayer::per_principal::<u32>(Rate::per_second(5));
    let many = u32::try_from(MAX_KEYS).unwrap();
    for caller in 0..many {
        layer.pass(by(caller)).await.unwrap();
    }
    // The next ones share a limit, so that it is bounded what all of them can do; the first ones keep theirs.
    let mut through = 0;
    for caller in many..many + 100 {
        through += passed(&layer, 1, || by(caller)).await;
    }
    assert_eq!((layer.limits().keys(), through), (MAX_KEYS, 5));
    assert_eq!(passed(&layer, 10, || by(0)).await, 4);
    advance(Duration::from_secs(2)).await;
    passed(&layer, 2048, || by(0)).await;
    assert_eq!(layer.limits().keys(), 1);
}
