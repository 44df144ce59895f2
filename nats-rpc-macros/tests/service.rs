//! What the macro makes of a trait, as its user sees it.

use std::time::Duration;

use nats_rpc::spec::{BreakerSpec, DurableSpec, HedgeSpec, RetrySpec};
use nats_rpc::{Code, CodeSet, Idempotency, Kind, Request, Response, ServiceSpec, Status};

/// Greets people.
#[nats_rpc::service(package = "greeter.v1", subject = "svc.greet.v1", queue_group = "workers")]
pub trait Greeter {
    /// Says hello to somebody.
    #[rpc(idempotency = "no_side_effects", timeout_ms = 1500)]
    async fn say_hello(&self, request: Request<String>) -> Result<Response<String>, Status>;

    #[rpc(name = "New")]
    async fn new_(&self, request: Request<()>) -> Result<Response<u32>, Status>;

    #[deprecated(since = "2.0.0", note = "say hello")]
    async fn r#type(&self, request: Request<String>) -> nats_rpc_result::Result<Response<String>, Status>;
}

/// Paths to the types may be longer.
mod nats_rpc_result {
    pub(crate) use std::result::Result;
}

#[nats_rpc::service(name = "Silent", codec = "prost", crate = self::runtime)]
trait Quiet {
    async fn hush(&self, request: Request<Vec<u8>>) -> Result<Response<String>, Status>;
}

/// The runtime need not be at `::nats_rpc`.
mod runtime {
    pub(crate) use nats_rpc::*;
}

#[nats_rpc::service(timeout_ms = 2000, retry(max_attempts = 4), breaker)]
trait Orders {
    #[rpc(idempotency = "no_side_effects")]
    async fn get(&self, request: Request<String>) -> Result<Response<String>, Status>;

    #[rpc(idempotency = "idempotent", retry(initial_backoff_ms = 50, max_backoff_ms = 5000, backoff_multiplier = 1.5,
        retryable_codes = [UNAVAILABLE, ABORTED]), breaker(off))]
    async fn put(&self, request: Request<String>) -> Result<Response<String>, Status>;

    #[rpc(idempotency = "no_side_effects", hedge(max_attempts = 3, delay_ms = 40, non_fatal_codes = [INTERNAL]),
        breaker(failure_ratio = 1, min_calls = 5, open_ms = 200, max_open_ms = 60_000))]
    async fn find(&self, request: Request<String>) -> Result<Response<String>, Status>;

    #[rpc(durable(stream = "ORDERS", max_deliveries = 1, dead_letter_subject = "dead.orders"))]
    async fn ship(&self, request: Request<String>) -> Result<Response<String>, Status>;

    #[rpc(idempotency = "idempotent", durable)]
    async fn charge(&self, request: Request<String>) -> Result<Response<String>, Status>;
}

struct Polite;

impl Greeter for Polite {
    async fn say_hello(&self, _request: Request<String>) -> Result<Response<String>, Status> {
        Err(Status::unimplemented("not here"))
    }

    async fn new_(&self, _request: Request<()>) -> Result<Response<u32>, Status> {
        Err(Status::unimplemented("not here"))
    }

    async fn r#type(&self, _request: Request<String>) -> Result<Response<String>, Status> {
        Err(Status::unimplemented("not here"))
    }
}

#[test]
fn facts_are_those_of_the_attributes() {
    let spec: &'static ServiceSpec = &GREETER;
    assert_eq!(spec.name(), "greeter.v1.Greeter");
    assert_eq!(spec.subject(), Some("svc.greet.v1"));
    assert_eq!(spec.queue_group(), "workers");
    assert_eq!(spec.descriptor_set(), None);
    let names: Vec<_> = spec.methods().map(|method| method.name().to_owned()).collect();
    assert_eq!(names, ["SayHello", "New", "Type"]);
    let say_hello = spec.method(0);
    assert_eq!(say_hello.kind(), Kind::Unary);
    assert_eq!(say_hello.idempotency(), Idempotency::NoSideEffects);
    assert_eq!(say_hello.timeout(), Some(Duration::from_millis(1500)));
    assert_eq!(format!("{say_hello}"), "/greeter.v1.Greeter/SayHello");
    assert_eq!(QUIET.name(), "Silent");
    assert_eq!((QUIET.subject(), QUIET.queue_group()), (None, "q"));
}

#[test]
fn a_client_of_a_server_needs_no_network() {
    let client = GreeterClient::new(GreeterServer::new(Polite));
    drop(client.say_hello("Ada".to_owned()));
    drop(client.new_(()));
    let _quiet: Option<QuietClient> = None;
}

#[test]
fn policies_are_those_of_the_attributes() {
    let millis = Duration::from_millis;
    let [get, put, find, ship, charge] = [0, 1, 2, 3, 4].map(|index| ORDERS.method(index));
    assert_eq!(get.timeout(), Some(millis(2000)));
    assert_eq!(get.retry(), Some(&RetrySpec::new().with_max_attempts(4)));
    assert_eq!(get.breaker(), Some(&BreakerSpec::new()));

    let codes = CodeSet::of(&[Code::Unavailable, Code::Aborted]);
    let retry = RetrySpec::new().with_backoff_multiplier(1.5).with_retryable_codes(codes);
    let retry = retry.with_initial_backoff(millis(50)).with_max_backoff(millis(5000));
    assert_eq!((put.retry(), put.breaker()), (Some(&retry), Some(&BreakerSpec::off())));

    let codes = CodeSet::of(&[Code::Internal]);
    let hedge = HedgeSpec::new().with_max_attempts(3).with_delay(millis(40)).with_non_fatal_codes(codes);
    let breaker = BreakerSpec::new().with_failure_ratio(1.0).with_min_calls(5);
    let breaker = breaker.with_open(millis(200)).with_max_open(millis(60_000));
    assert_eq!((find.hedge(), find.breaker(), find.retry()), (Some(&hedge), Some(&breaker), None));

    let durable = DurableSpec::new().with_stream("ORDERS").with_max_deliveries(1);
    assert_eq!(ship.durable(), Some(&durable.with_dead_letter_subject("dead.orders")));
    assert_eq!((charge.durable(), charge.retry()), (Some(&DurableSpec::new()), None));
}
