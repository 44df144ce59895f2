//! Options that do not exist, and values that can't be.

#![allow(unused_imports)]

use nats_rpc::{Request, Response, Status};

struct Hello;

#[nats_rpc::service(packet = "greeter.v1")]
trait UnknownOption {}

#[nats_rpc::service(package = "greeter..v1", name = "Greet.er")]
trait NoNames {}

#[nats_rpc::service(package = "greeter._v1", name = "_Greeter")]
trait Underscores {}

#[nats_rpc::service(subject = "svc.all the.greeters", queue_group = "*", codec = "xml")]
trait NoWords {}

#[nats_rpc::service(package = "greeter.v1", package = "greeter.v2")]
trait Twice {}

#[nats_rpc::service(package = 1, subject, queue_group = 2, codec = "xml")]
trait NoText {}

#[nats_rpc::service]
trait Größe {}

#[nats_rpc::service(default_stubs = true, crate = "nats_rpc", default_stubs, default_stubs)]
trait Stubs {}

#[nats_rpc::service]
trait Methods {
    #[rpc(nam = "Hello")]
    async fn unknown(&self, request: Request<Hello>) -> Result<Response<Hello>, Status>;
    #[rpc(idempotency = "perhaps")]
    async fn level(&self, request: Request<Hello>) -> Result<Response<Hello>, Status>;
    #[rpc(timeout_ms = "1s")]
    async fn text(&self, request: Request<Hello>) -> Result<Response<Hello>, Status>;
    #[rpc(timeout_ms = 0)]
    async fn zero(&self, request: Request<Hello>) -> Result<Response<Hello>, Status>;
    #[rpc(name = "Other", name = "Another")]
    async fn twice(&self, request: Request<Hello>) -> Result<Response<Hello>, Status>;
    #[rpc(name = "Split")]
    #[rpc(timeout_ms = 1)]
    async fn split(&self, request: Request<Hello>) -> Result<Response<Hello>, Status>;
    #[rpc(name = "Not.one")]
    async fn dotted(&self, request: Request<Hello>) -> Result<Response<Hello>, Status>;
    #[rpc]
    async fn bare(&self, request: Request<Hello>) -> Result<Response<Hello>, Status>;
    #[rpc(timeout_ms = 1.5, idempotency, name = 3)]
    async fn several(&self, request: Request<Hello>) -> Result<Response<Hello>, Status>;
    #[rpc(timeout_ms = 4294967296)]
    async fn large(&self, request: Request<Hello>) -> Result<Response<Hello>, Status>;
    #[rpc(timeout_ms = -1)]
    async fn negative(&self, request: Request<Hello>) -> Result<Response<Hello>, Status>;
    #[cfg(feature = "more")]
    async fn gated(&self, request: Request<Hello>) -> Result<Response<Hello>, Status>;
    #[must_use]
    async fn used(&self, request: Request<Hello>) -> Result<Response<Hello>, Status>;
    #[inline]
    async fn attribute(&self, request: Request<Hello>) -> Result<Response<Hello>, Status>;
}

fn main() {}
