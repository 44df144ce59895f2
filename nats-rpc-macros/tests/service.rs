//! What the macro makes of a trait, as its user sees it.

use nats_rpc::{Idempotency, Kind, Request, Response, ServiceSpec, Status};

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
    assert_eq!(say_hello.timeout(), Some(std::time::Duration::from_millis(1500)));
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
