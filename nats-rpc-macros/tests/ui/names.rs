//! Names that clash with others, or with those of every client.

#![allow(unused_imports)]

use nats_rpc::{Request, Response, Status};

struct Hello;

#[nats_rpc::service(package = "greeter.v1")]
trait Greeter {
    async fn say_hello(&self, request: Request<Hello>) -> Result<Response<Hello>, Status>;
    #[rpc(name = "SayHello")]
    async fn say_hello_again(&self, request: Request<Hello>) -> Result<Response<Hello>, Status>;
    async fn new(&self, request: Request<Hello>) -> Result<Response<Hello>, Status>;
}

fn main() {}
