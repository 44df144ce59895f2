use std::time::Duration;

use super::{CallPolicy, MethodPolicy, Overrides, Policies, PoliciesBuilder, ServiceConfig};
use crate::raw::{Body, Call};
use crate::spec::{BreakerSpec, HedgeSpec, Idempotency, Kind, Method, RetrySpec, Spec};

const fn spec(name: &'static str, kind: Kind, idempotency: Idempotency) -> Spec {
    Spec::new("shop.v1.Orders", name, 0, kind).with_idempotency(idempotency)
}

static PUT: Spec = spec("Put", Kind::Unary, Idempotency::Unknown);
static STORE: Spec = spec("Store", Kind::Unary, Idempotency::Idempotent);
static GET: Spec = spec("Get", Kind::Unary, Idempotency::NoSideEffects);
static WATCH: Spec = spec("Watch", Kind::ServerStreaming, Idempotency::NoSideEffects);

/// Has a policy of each kind in its options.
static FULL: Spec = spec("Full", Kind::Unary, Idempotency::NoSideEffects)
    .with_timeout(secs(1))
    .with_retry(RETRY)
    .with_breaker(BreakerSpec::new().with_min_calls(11));
static HEDGED: Spec = spec("Hedged", Kind::Unary, Idempotency::NoSideEffects).with_hedge(HedgeSpec::new());

const RETRY: RetrySpec = RetrySpec::new().with_max_attempts(2).with_backoff_multiplier(3.0);
const MORE: RetrySpec = RetrySpec::new().with_max_attempts(5);

const fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn of(policies: &Policies, spec: &'static Spec) -> MethodPolicy {
    policies.of(&Method::from(spec))
}

fn built(builder: PoliciesBuilder) -> Policies {
    builder.build().expect("valid policies")
}

fn config(fields: &str, names: &str) -> ServiceConfig {
    let json = format!(r#"{{ "methodConfig": [{{ "name": [{names}], {fields} }}] }}"#);
    ServiceConfig::parse(&json).expect("a valid config")
}

const HEDGING: &str = r#""hedgingPolicy": { "maxAttempts": 3 }"#;
const RETRYING: &str = r#""retryPolicy": { "maxAttempts": 4, "initialBackoff": "1s", "maxBackoff": "2s",
    "backoffMultiplier": 1.5, "retryableStatusCodes": ["UNAVAILABLE"] }"#;
const ALL: &str = "{}";
const SERVICE: &str = r#"{ "service": "shop.v1.Orders" }"#;

#[test]
fn without_a_word_the_defaults_hold() {
    for policies in [Policies::default(), built(Policies::builder())] {
        let policy = of(&policies, &PUT);
        assert_eq!((policy.timeout, policy.attempt_timeout, policy.wait_for_ready), (None, None, false));
        assert_eq!((policy.retry, policy.breaker), (RetrySpec::new(), BreakerSpec::new()));
        assert!(policy.hedge.is_off());
        assert!(policies.throttling().is_none());
    }
}

#[test]
fn options_are_stronger_than_defaults() {
    for policies in [Policies::default(), built(Policies::builder())] {
        let policy = of(&policies, &FULL);
        assert_eq!((policy.timeout, policy.retry), (Some(secs(1)), RETRY));
        assert_eq!(policy.breaker, BreakerSpec::new().with_min_calls(11));
        let hedged = of(&policies, &HEDGED);
        assert_eq!((hedged.hedge, hedged.retry), (HedgeSpec::new(), RetrySpec::off()));
    }
}

#[test]
fn a_service_config_is_stronger_than_options_as_a_whole() {
    let fields = format!(r#""timeout": "9s", "waitForReady": true, {RETRYING}"#);
    let policies = built(Policies::builder().with_service_config(config(&fields, SERVICE)));
    let policy = of(&policies, &FULL);
    assert_eq!((policy.timeout, policy.wait_for_ready), (Some(secs(9)), true), "longer ones too");
    assert_eq!(
        (policy.retry.max_attempts(), policy.retry.backoff_multiplier().to_bits()),
        (4, 1.5_f64.to_bits())
    );
    assert_eq!(policy.breaker.min_calls(), 11, "of which it says nothing");
    let hedged = of(&policies, &HEDGED);
    assert!(hedged.hedge.is_off() && hedged.retry.max_attempts() == 4, "retries take the place of hedging");
}

#[test]
fn a_builder_is_stronger_than_a_service_config() {
    let fields = format!(r#""timeout": "9s", "waitForReady": true, {RETRYING}"#);
    let policies = built(
        Policies::builder()
            .for_all(Overrides::new().with_timeout(secs(2)).with_retry(MORE).with_wait_for_ready(false))
            .with_service_config(config(&fields, r#"{ "service": "shop.v1.Orders", "method": "Full" }"#)),
    );
    let policy = of(&policies, &FULL);
    assert_eq!((policy.timeout, policy.retry, policy.wait_for_ready), (Some(secs(2)), MORE, false));
}

#[test]
fn in_a_builder_the_narrower_is_stronger_setting_by_setting() {
    let policies = built(
        Policies::builder()
            .for_method("/shop.v1.Orders/Put", Overrides::new().with_timeout(secs(1)))
            .for_service("shop.v1.Orders", Overrides::new().with_timeout(secs(2)).with_retry(MORE))
            .for_all(Overrides::new().with_timeout(secs(3)).with_attempt_timeout(secs(1)).with_retry(RETRY)),
    );
    let put = of(&policies, &PUT);
    assert_eq!((put.timeout, put.retry, put.attempt_timeout), (Some(secs(1)), MORE, Some(secs(1))));
    assert_eq!(of(&policies, &GET).timeout, Some(secs(2)));
    let other = policies.of(&Method::dynamic("b.B", "Put", Kind::Unary));
    assert_eq!((other.timeout, other.retry), (Some(secs(3)), RETRY));
}

#[test]
fn a_call_is_stronger_than_all() {
    let policies = built(Policies::builder().for_method(
        "/shop.v1.Orders/Get",
        Overrides::new().with_retry(MORE).with_attempt_timeout(secs(2)).with_wait_for_ready(true),
    ));
    let of_call = |own: CallPolicy| {
        let mut call = Call::new(Method::from(&GET), Body::Unary("".into()));
        call.extensions_mut().insert(own);
        of(&policies, &GET).of_call(&call)
    };
    assert_eq!(of_call(CallPolicy::new()), of(&policies, &GET));
    let changed = of_call(CallPolicy::new().with_retry(RETRY).with_attempt_timeout(secs(1)));
    assert_eq!(
        (changed.retry, changed.attempt_timeout, changed.wait_for_ready),
        (RETRY, Some(secs(1)), true)
    );
    assert!(!of_call(CallPolicy::new().with_wait_for_ready(false)).wait_for_ready);
    let hedged = of_call(CallPolicy::new().with_retry(RETRY).with_hedge(HedgeSpec::new()));
    assert_eq!(
        (hedged.retry, hedged.hedge),
        (RetrySpec::off(), HedgeSpec::new()),
        "the last one said counts"
    );
    let retried = of_call(CallPolicy::new().with_hedge(HedgeSpec::new()).with_retry(RETRY));
    assert_eq!((retried.retry, retried.hedge), (RETRY, HedgeSpec::off()));
}

#[test]
fn what_is_off_takes_nothing_else_away() {
    let off = Overrides::new().with_hedge(HedgeSpec::off());
    let policies = built(Policies::builder().for_all(off));
    let hedged = of(&policies, &HEDGED);
    assert_eq!((hedged.retry, hedged.hedge), (RetrySpec::new(), HedgeSpec::off()));

    let policies = built(Policies::builder().for_all(Overrides::new().with_retry(RetrySpec::off())));
    let hedged = of(&policies, &HEDGED);
    assert_eq!((hedged.retry, hedged.hedge), (RetrySpec::off(), HedgeSpec::new()));
}

#[test]
fn only_declared_methods_are_hedged() {
    let one = |name: &str| format!(r#"{{ "service": "shop.v1.Orders", "method": "{name}" }}"#);
    let by_config = |spec: &'static Spec, names: &str| {
        of(&built(Policies::builder().with_service_config(config(HEDGING, names))), spec)
    };
    let by_builder = |spec: &'static Spec, named: bool| {
        let hedge = Overrides::new().with_hedge(HedgeSpec::new());
        let path = Method::from(spec).to_string();
        let builder = Policies::builder();
        of(&built(if named { builder.for_method(path, hedge) } else { builder.for_all(hedge) }), spec)
    };
    for (spec, several, itself) in
        [(&PUT, false, false), (&STORE, false, true), (&GET, true, true), (&WATCH, false, false)]
    {
        let named = by_config(spec, &one(Method::from(spec).name()));
        for (policy, hedged) in [
            (by_config(spec, ALL), several),
            (by_config(spec, SERVICE), several),
            (named, itself),
            (by_builder(spec, false), several),
            (by_builder(spec, true), itself),
        ] {
            assert_eq!(!policy.hedge.is_off(), hedged, "{spec:?}");
            assert_eq!(policy.retry.is_off(), hedged, "{spec:?}: what is not hedged is retried as before");
        }
        let mut call = Call::new(Method::from(spec), Body::Unary("".into()));
        call.extensions_mut().insert(CallPolicy::new().with_hedge(HedgeSpec::new()));
        assert_eq!(!of(&Policies::default(), spec).of_call(&call).hedge.is_off(), itself, "{spec:?}");
    }
}

#[test]
fn a_timeout_for_many_does_not_cut_streams_off_unless_grpc_says_so() {
    let timeout = Overrides::new().with_timeout(secs(1));
    let policies = built(Policies::builder().for_service("shop.v1.Orders", timeout.clone()));
    assert_eq!((of(&policies, &WATCH).timeout, of(&policies, &GET).timeout), (None, Some(secs(1))));
    let policies = built(Policies::builder().for_method("/shop.v1.Orders/Watch", timeout));
    assert_eq!(of(&policies, &WATCH).timeout, Some(secs(1)));
    let policies = built(Policies::builder().with_service_config(config(r#""timeout": "1s""#, ALL)));
    assert_eq!(of(&policies, &WATCH).timeout, Some(secs(1)));
}

#[test]
fn throttling_comes_from_a_service_config() {
    let json = r#"{ "retryThrottling": { "maxTokens": 2, "tokenRatio": 0.125 } }"#;
    let throttling = Policies::from_service_config(json).unwrap().throttling().unwrap();
    assert_eq!((throttling.max_tokens(), throttling.token_ratio().to_bits()), (2, 0.125_f64.to_bits()));
}

#[test]
fn a_builder_is_refused_whole_with_all_that_is_wrong() {
    let bad = Overrides::new()
        .with_timeout(Duration::ZERO)
        .with_attempt_timeout(Duration::ZERO)
        .with_retry(RetrySpec::new().with_initial_backoff(Duration::ZERO))
        .with_hedge(HedgeSpec::new().with_delay(secs(1)))
        .with_breaker(BreakerSpec::new().with_min_calls(0).with_open(Duration::ZERO));
    let error = Policies::builder()
        .for_all(bad)
        .for_service("shop/Orders", Overrides::new().with_retry(RetrySpec::new().with_max_backoff(secs(0))))
        .for_method(
            "shop.v1.Orders.Put",
            Overrides::new().with_breaker(BreakerSpec::new().with_open(secs(6))),
        )
        .for_method(
            "/a.B/C",
            Overrides::new().with_retry(RetrySpec::off().with_initial_backoff(Duration::ZERO)),
        )
        .build()
        .unwrap_err();
    let problems: Vec<_> = error
        .problems()
        .iter()
        .map(|problem| problem.split([':', ',']).take(2).collect::<String>())
        .collect();
    assert_eq!(
        problems,
        [
            "for all methods a timeout of zero",
            "for all methods a timeout of zero for attempts",
            "for all methods retries with an initial backoff of zero",
            "for all methods both retries and hedging",
            "for all methods hedging with a delay that the timeout leaves no time for",
            "for all methods a breaker that opens without calls",
            "for all methods a breaker that opens for no time",
            "`shop/Orders` is no name of a service write it as `shop.v1.Orders`",
            "for `shop/Orders` retries whose longest backoff is below the initial one",
            "`shop.v1.Orders.Put` is no path of a method write it as `/shop.v1.Orders/Put`",
            "for `shop.v1.Orders.Put` a breaker whose longest time open is below the first one",
        ]
    );
}
