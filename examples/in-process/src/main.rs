//! Handlers tested without a broker: a generated server is a transport of its client.
//!
//! `cargo test -p in-process` runs the tests.

mod greeter {
    nats_rpc::include_proto!("greeter.v1");
}

use greeter::{Greeter, GreeterClient, GreeterServer, HelloReply, HelloRequest};
use nats_rpc::{Request, Response, Status};

struct MyGreeter;

impl Greeter for MyGreeter {
    async fn say_hello(&self, request: Request<HelloRequest>) -> Result<Response<HelloReply>, Status> {
        match request.into_inner().name.as_str() {
            "" => Err(Status::invalid_argument("a name is needed")),
            name => Ok(HelloReply { message: format!("Hello, {name}!") }.into()),
        }
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Status> {
    let greeter = GreeterClient::new(GreeterServer::new(MyGreeter));
    let reply = greeter.say_hello(HelloRequest { name: "Ada".into() }).await?;
    println!("{}", reply.get_ref().message);
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use nats_rpc::Code;

    use super::{Greeter, GreeterClient, GreeterServer, HelloReply, HelloRequest, MyGreeter};
    use super::{Request, Response, Status};

    #[tokio::test]
    async fn everybody_is_greeted() {
        let greeter = GreeterClient::new(GreeterServer::new(MyGreeter));
        let reply = greeter.say_hello(HelloRequest { name: "Ada".into() }).await.unwrap();
        assert_eq!(reply.get_ref().message, "Hello, Ada!");
    }

    #[tokio::test]
    async fn nobody_is_an_error() {
        let greeter = GreeterClient::new(GreeterServer::new(MyGreeter));
        let status = greeter.say_hello(HelloRequest::default()).await.unwrap_err();
        assert_eq!(status.code(), Code::InvalidArgument);
    }

    struct Sleepy;

    impl Greeter for Sleepy {
        async fn say_hello(&self, _: Request<HelloRequest>) -> Result<Response<HelloReply>, Status> {
            tokio::time::sleep(Duration::from_secs(3600)).await;
            Ok(HelloReply::default().into())
        }
    }

    #[tokio::test(start_paused = true)]
    async fn deadlines_hold_here_too() {
        let greeter = GreeterClient::new(GreeterServer::new(Sleepy));
        let call = greeter.say_hello(HelloRequest::default()).timeout(Duration::from_secs(1));
        assert_eq!(call.await.unwrap_err().code(), Code::DeadlineExceeded);
    }
}
