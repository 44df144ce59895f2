//! Metadata with the request, before the response, and after it as trailers.

mod greeter {
    nats_rpc::include_proto!("greeter.v1");
}

use greeter::{Greeter, GreeterClient, GreeterServer, HelloReply, HelloRequest};
use nats_rpc::transport::memory::Broker;
use nats_rpc::{Channel, Code, OrStatus, Request, Response, Server, Status};

struct MyGreeter;

impl Greeter for MyGreeter {
    async fn say_hello(&self, request: Request<HelloRequest>) -> Result<Response<HelloReply>, Status> {
        let language = request.metadata().get("accept-language").unwrap_or("en");
        let greeting = match language {
            "de" => "Hallo",
            _ => "Hello",
        };
        let token = request.metadata().get_bin("x-token-bin").or_status(Code::Unauthenticated, "no token")?;
        let checksum: u32 = token.iter().map(|byte| u32::from(*byte)).sum();

        let message = format!("{greeting}, {}!", request.get_ref().name);
        let mut response = Response::new(HelloReply { message });
        response.metadata_mut().insert("content-language", language.to_owned())?;
        response.trailers_mut().insert("x-token-checksum", checksum.to_string())?;
        Ok(response)
    }
}

#[tokio::main]
async fn main() -> Result<(), Status> {
    let broker = Broker::new();
    let server =
        Server::builder().add_service(GreeterServer::new(MyGreeter)).start(broker.connect().await?).await?;
    let greeter = GreeterClient::new(Channel::new(broker.connect().await?));

    let response = greeter
        .say_hello(HelloRequest { name: "Ada".into() })
        .metadata("accept-language", "de")
        .metadata_bin("x-token-bin", vec![1, 2, 250])
        .await?;
    println!("message:  {}", response.get_ref().message);
    println!("metadata: content-language = {:?}", response.metadata().get("content-language"));
    println!("trailers: x-token-checksum = {:?}", response.trailers().get("x-token-checksum"));

    let refused = greeter.say_hello(HelloRequest { name: "Eve".into() }).await;
    println!("no token: {}", refused.err().map(|status| status.to_string()).unwrap_or_default());

    server.shutdown().await;
    Ok(())
}
