//! A server and a client in one program.
//!
//! Without `NATS_URL` they talk through a broker within the process; with it, through that NATS server.

mod greeter {
    nats_rpc::include_proto!("greeter.v1");
}

use greeter::{Greeter, GreeterClient, GreeterServer, HelloReply, HelloRequest};
use nats_rpc::transport::memory::Broker;
use nats_rpc::{Channel, Connection, Request, Response, Server, Status};

struct MyGreeter;

impl Greeter for MyGreeter {
    async fn say_hello(&self, request: Request<HelloRequest>) -> Result<Response<HelloReply>, Status> {
        let name = &request.get_ref().name;
        Ok(HelloReply { message: format!("Hello, {name}!") }.into())
    }
}

#[tokio::main]
async fn main() -> Result<(), Status> {
    let (server_side, client_side, transport) = match std::env::var("NATS_URL") {
        Ok(url) => (Connection::connect(&url).await?, Connection::connect(&url).await?, url),
        Err(_) => {
            let broker = Broker::new();
            let transport = "the embedded in-process broker (set NATS_URL to use a NATS server)".to_owned();
            (broker.connect().await?, broker.connect().await?, transport)
        }
    };
    let server = Server::builder().add_service(GreeterServer::new(MyGreeter)).start(server_side).await?;

    let client = GreeterClient::new(Channel::new(client_side));
    let reply = client.say_hello(HelloRequest { name: "Ada".into() }).await?;
    println!("transport: {transport}");
    println!("reply:     {}", reply.get_ref().message);

    server.shutdown().await;
    Ok(())
}
