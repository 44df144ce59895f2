use std::time::Duration;

use syn::parse_quote;

use super::check;
use crate::check::{Owner, Place};
use crate::ir::{
    Attributes, Body, Breaker, Code, Documentation, Durable, Features, Hedge, Idempotency, Kind, Method,
    Parts, Paths, Policy, Retry, Service,
};

fn method() -> Method {
    Method {
        ident: parse_quote!(put),
        proto_name: "Put".to_owned(),
        docs: Documentation::Rust(Vec::new()),
        deprecated: None,
        attributes: Vec::new(),
        kind: Kind::Unary,
        idempotency: Idempotency::Idempotent,
        policy: Policy::default(),
        durable: None,
        request: parse_quote!(Order),
        response: parse_quote!(Order),
        argument: parse_quote!(Request<Order>),
        output: parse_quote!(Result<Response<Order>, Status>),
        body: Body::Required,
    }
}

fn service(method: Method) -> Service {
    Service {
        ident: parse_quote!(Orders),
        proto_name: "shop.v1.Orders".to_owned(),
        docs: Documentation::Rust(Vec::new()),
        deprecated: None,
        supertraits: Vec::new(),
        visibility: parse_quote!(pub),
        methods: vec![method],
        subject: None,
        queue_group: None,
        policy: Policy::default(),
        descriptor_set: None,
        paths: Paths { runtime: parse_quote!(::nats_rpc), codec: parse_quote!(::nats_rpc::codec::Prost) },
        parts: Parts::default(),
        features: Features::default(),
        attributes: Attributes::default(),
    }
}

/// The options that are refused when a method has this policy.
fn refused(policy: Policy) -> Vec<&'static str> {
    refused_of(Method { policy, ..method() })
}

fn refused_of(method: Method) -> Vec<&'static str> {
    let option = |place| match place {
        Place::Option(Owner::Method(0), option) => option,
        other => panic!("{other:?} is no option of the method"),
    };
    check(&service(method)).into_iter().map(|problem| option(problem.place)).collect()
}

fn retry(retry: Retry) -> Policy {
    Policy { retry: Some(retry), ..Policy::default() }
}

fn hedge(hedge: Hedge) -> Policy {
    Policy { hedge: Some(hedge), ..Policy::default() }
}

fn breaker(breaker: Breaker) -> Policy {
    Policy { breaker: Some(breaker), ..Policy::default() }
}

const NONE: [&str; 0] = [];

#[test]
fn attempts_are_two_to_five() {
    for (attempts, good) in [(0, false), (1, false), (2, true), (5, true), (6, false), (u32::MAX, false)] {
        let max_attempts = Some(attempts);
        let of_retry = refused(retry(Retry { max_attempts, ..Retry::default() }));
        let of_hedge = refused(hedge(Hedge { max_attempts, ..Hedge::default() }));
        assert_eq!((of_retry.is_empty(), of_hedge.is_empty()), (good, good), "{attempts}");
    }
}

#[test]
fn the_longest_wait_is_not_the_shorter_one() {
    let refused = |initial: Option<u64>, max: Option<u64>| {
        let [initial_backoff, max_backoff] = [initial, max].map(|time| time.map(Duration::from_millis));
        refused(retry(Retry { initial_backoff, max_backoff, ..Retry::default() }))
    };
    assert_eq!(refused(Some(5), Some(5)), NONE);
    assert_eq!(refused(Some(6), Some(5)), ["retry.max_backoff_ms"]);
    assert_eq!(refused(Some(1000), None), NONE);
    assert_eq!(refused(Some(1001), None), ["retry.initial_backoff_ms"]);
    assert_eq!(refused(None, Some(20)), NONE);
    assert_eq!(refused(None, Some(19)), ["retry.max_backoff_ms"]);
    assert_eq!(refused(Some(0), Some(0)), ["retry.initial_backoff_ms", "retry.max_backoff_ms"]);
}

#[test]
fn numbers_are_in_their_range() {
    for (number, multiplies, is_ratio) in [
        (f64::MIN_POSITIVE, true, true),
        (1.0, true, true),
        (1.000_001, true, false),
        (f64::MAX, true, false),
        (0.0, false, false),
        (-1.0, false, false),
        (f64::INFINITY, false, false),
        (f64::NAN, false, false),
    ] {
        let of_retry = refused(retry(Retry { backoff_multiplier: Some(number), ..Retry::default() }));
        let of_breaker = refused(breaker(Breaker { failure_ratio: Some(number), ..Breaker::default() }));
        assert_eq!((of_retry.is_empty(), of_breaker.is_empty()), (multiplies, is_ratio), "{number}");
    }
    for (deliveries, good) in [(0, false), (1, true), (100, true), (101, false)] {
        let durable = Durable { max_deliveries: Some(deliveries), ..Durable::default() };
        let refused = refused_of(Method { durable: Some(durable), ..method() });
        assert_eq!(refused.is_empty(), good, "{deliveries}");
    }
}

#[test]
fn names_of_streams_are_short_words() {
    let longest = "a".repeat(255);
    for (stream, good) in [(&*longest, true), ("A-b_9", true), ("", false), ("a.b", false), ("ä", false)] {
        let durable = Durable { stream: Some(stream.to_owned()), ..Durable::default() };
        assert_eq!(refused_of(Method { durable: Some(durable), ..method() }).is_empty(), good, "{stream}");
    }
    let durable = Durable { stream: Some(longest + "a"), ..Durable::default() };
    assert_eq!(refused_of(Method { durable: Some(durable), ..method() }), ["durable.stream"]);
}

#[test]
fn undeclared_methods_are_made_again_after_refusals_only() {
    let refused = |idempotency, retryable_codes: &[Code]| {
        let policy = retry(Retry { retryable_codes: retryable_codes.to_vec(), ..Retry::default() });
        refused_of(Method { idempotency, policy, ..method() })
    };
    let aborted = Code::from_name("ABORTED").expect("a code");
    assert_eq!(refused(Idempotency::Unknown, &[Code::UNAVAILABLE, Code::RESOURCE_EXHAUSTED]), NONE);
    assert_eq!(refused(Idempotency::Unknown, &[Code::UNAVAILABLE, aborted]), ["retry.retryable_codes"]);
    assert_eq!(refused(Idempotency::Idempotent, &[aborted]), NONE);
    assert_eq!(refused(Idempotency::NoSideEffects, &[aborted]), NONE);
}

#[test]
fn each_kind_has_what_it_can_have() {
    for (kind, has_hedge) in [
        (Kind::Unary, true),
        (Kind::ServerStreaming, false),
        (Kind::ClientStreaming, false),
        (Kind::BidiStreaming, false),
    ] {
        let refused = |policy| refused_of(Method { kind, policy, ..method() });
        let of_retry = refused(retry(Retry::default()));
        let of_hedge = refused(hedge(Hedge::default()));
        assert_eq!((of_retry.is_empty(), of_hedge.is_empty()), (true, has_hedge), "{kind:?}");
        let of_breaker = refused(breaker(Breaker::default()));
        assert_eq!(of_breaker, NONE, "{kind:?}");
        let of_off = refused(hedge(Hedge { off: true, ..Hedge::default() }));
        assert_eq!(of_off, NONE, "{kind:?}: what is off is no hedging");
    }
}

#[test]
fn a_policy_that_is_off_clashes_with_nothing() {
    let off = Policy {
        retry: Some(Retry { off: true, ..Retry::default() }),
        hedge: Some(Hedge::default()),
        ..Policy::default()
    };
    assert_eq!(refused(off.clone()), NONE);
    let durable = Some(Durable::default());
    assert_eq!(refused_of(Method { policy: off, durable: durable.clone(), ..method() }), ["durable"]);
    let policy = retry(Retry { off: true, ..Retry::default() });
    assert_eq!(refused_of(Method { policy, durable, ..method() }), NONE);
}
