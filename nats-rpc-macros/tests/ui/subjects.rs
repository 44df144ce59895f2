//! A subject that would be too long.

#![allow(unused_imports)]

use nats_rpc::{Request, Response, Status};

#[nats_rpc::service(
    package = "greeter.v1",
    subject = "greeter.greeter.greeter.greeter.greeter.greeter.greeter.greeter.greeter.greeter.greeter.greeter.greeter.greeter.greeter.greeter.greeter.greeter.greeter.greeter.greeter.greeter.greeter.greeter.greeter.greeter.greeter.greeter.greeter.greeter.greeter.greeter.greeter.greeter.greeter.greeter.greeter.greeter.greeter.greeter.greeter.greeter.greeter.greeter.greeter.greeter.greeter.greeter.greeter.greeter.greeter.greeter.greeter.greeter.greeter.greeter.greeter.greeter.greeter.greeter.greeter.greeter.greeter.greeter"
)]
trait Greeter {
    async fn say_hello(&self, request: Request<String>) -> Result<Response<String>, Status>;
}

fn main() {}
