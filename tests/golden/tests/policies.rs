//! What options say of calls is what the facts about a method give.

use std::time::Duration;

use golden::policies::policies::v1::{CATALOG, ORDERS};
use nats_rpc::spec::{BreakerSpec, DurableSpec, HedgeSpec, RetrySpec};
use nats_rpc::{Code, CodeSet, Method, ServiceSpec};
use nats_rpc_codegen::ir;

#[track_caller]
fn method(spec: &'static ServiceSpec, name: &str) -> Method {
    spec.methods().find(|method| method.name() == name).unwrap()
}

fn order(name: &str) -> Method {
    method(&ORDERS, name)
}

fn catalog(name: &str) -> Method {
    method(&CATALOG, name)
}

const fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

#[test]
fn methods_have_what_their_service_says() {
    let get = order("Get");
    assert_eq!(get.timeout(), Some(millis(2000)));
    let codes = CodeSet::of(&[Code::Unavailable, Code::ResourceExhausted]);
    let retry = RetrySpec::new().with_max_attempts(4).with_retryable_codes(codes);
    assert_eq!(get.retry(), Some(&retry));
    assert_eq!(get.breaker(), Some(&BreakerSpec::new().with_min_calls(100)));
    assert_eq!((get.hedge(), get.durable()), (None, None));
    assert_eq!(catalog("Look").hedge(), Some(&HedgeSpec::new()));
}

#[test]
fn what_a_method_says_itself_takes_its_place_as_a_whole() {
    let put = order("Put");
    assert_eq!(put.timeout(), Some(millis(500)));
    let retry = put.retry().unwrap();
    assert_eq!(retry.max_attempts(), 3, "the default, not the service's");
    assert_eq!((retry.initial_backoff(), retry.max_backoff()), (millis(50), millis(5000)));
    assert_eq!(retry.backoff_multiplier().to_bits(), 1.5_f64.to_bits());
    let codes = CodeSet::of(&[Code::DeadlineExceeded, Code::Aborted, Code::Unavailable]);
    assert_eq!(retry.retryable_codes(), codes);
    assert!(put.breaker().unwrap().is_off());

    let add = order("Add");
    assert!(add.retry().unwrap().is_off());
    let breaker = add.breaker().unwrap();
    assert_eq!(breaker.failure_ratio().to_bits(), 1_f64.to_bits());
    assert_eq!((breaker.min_calls(), breaker.open(), breaker.max_open()), (5, millis(200), millis(60_000)));
}

#[test]
fn a_method_has_either_retries_or_hedging() {
    let find = order("Find");
    assert_eq!(find.retry(), None);
    let hedge = find.hedge().unwrap();
    assert_eq!((hedge.max_attempts(), hedge.delay()), (3, Some(millis(40))));
    assert_eq!(hedge.non_fatal_codes(), CodeSet::of(&[Code::Internal]));

    let load = catalog("Load");
    assert_eq!((load.retry(), load.hedge()), (Some(&RetrySpec::new()), None));
    assert!(catalog("Peek").hedge().unwrap().is_off());
}

#[test]
fn a_service_gives_its_methods_only_what_they_can_have() {
    assert_eq!(catalog("Mark").hedge(), None);
    assert_eq!(catalog("Browse").hedge(), None);
    let watch = order("Watch");
    assert_eq!(watch.timeout(), None);
    assert_eq!(watch.retry(), order("Get").retry());
    let import = order("Import");
    assert_eq!((import.timeout(), import.retry()), (Some(millis(60_000)), order("Watch").retry()));
    assert!(import.retry().is_some());
    assert_eq!(import.breaker(), order("Get").breaker());
}

#[test]
fn durable_calls_are_not_repeated_otherwise() {
    let ship = order("Ship");
    assert_eq!(ship.retry(), None);
    let durable = ship.durable().unwrap();
    assert_eq!((durable.stream(), durable.max_deliveries()), (Some("ORDERS"), 10));
    assert_eq!(durable.dead_letter_subject(), Some("dead.orders"));
    assert_eq!(order("Charge").durable(), Some(&DurableSpec::new().with_max_deliveries(1)));
}

/// The generator checks against the defaults that the runtime has.
#[test]
fn defaults_are_the_same_on_both_sides() {
    let (retry, breaker) = (RetrySpec::new(), BreakerSpec::new());
    assert_eq!(retry.initial_backoff(), ir::Retry::INITIAL_BACKOFF);
    assert_eq!(retry.max_backoff(), ir::Retry::MAX_BACKOFF);
    assert_eq!((breaker.open(), breaker.max_open()), (ir::Breaker::OPEN, ir::Breaker::MAX_OPEN));
}

/// `google.rpc.Code` has the runtime's codes.
#[test]
fn codes_are_the_same_on_both_sides() {
    for number in 0..17 {
        let code = Code::from_number(number);
        assert_eq!(ir::Code(number.cast_signed()).name(), Some(code.name()));
    }
    assert_eq!(ir::Code(17).name(), None);
}
