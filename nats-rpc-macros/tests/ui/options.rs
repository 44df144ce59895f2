//! Options that do not exist, and values that can't be.

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
    #[inline]
    async fn attribute(&self, request: Request<Hello>) -> Result<Response<Hello>, Status>;
}

fn main() {}
