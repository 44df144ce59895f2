//! Serves `greeter.v1.Greeter` on the NATS server at `NATS_URL` (default `nats://localhost:4222`) until it is
//! interrupted or terminated.

mod greeter {
    nats_rpc::include_proto!("greeter.v1");
}

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use greeter::{Greeter, GreeterServer, HelloReply, HelloRequest};
use nats_rpc::server::shutdown_signal;
use nats_rpc::{Connection, Request, Response, Server, Status};

#[derive(Default)]
struct MyGreeter {
    served: AtomicU64,
}

impl Greeter for MyGreeter {
    async fn say_hello(&self, request: Request<HelloRequest>) -> Result<Response<HelloReply>, Status> {
        self.served.fetch_add(1, Ordering::Relaxed);
        let name = &request.get_ref().name;
        Ok(HelloReply { message: format!("Hello, {name}!") }.into())
    }
}

#[tokio::main]
async fn main() -> Result<(), Status> {
    let url = std::env::var("NATS_URL").unwrap_or_else(|_| "nats://localhost:4222".to_owned());
    let connection = Connection::connect(&url).await?;
    let greeter = Arc::new(MyGreeter::default());
    let server = Server::builder()
        .add_service(GreeterServer::from_arc(Arc::clone(&greeter)))
        .start(connection)
        .await?;
    println!("serving greeter.v1.Greeter on {url}; ctrl-c stops");

    shutdown_signal().await;
    server.shutdown().await;
    println!("served {} calls", greeter.served.load(Ordering::Relaxed));
    Ok(())
}
