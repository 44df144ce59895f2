//! Calls `greeter.v1.Greeter` on the NATS server at `NATS_URL` (default `nats://localhost:4222`).
//!
//! `hello-client [NAME]` makes one call. `hello-client --load [--concurrency N] [--seconds N]` makes calls all the
//! time and counts those that fail.

mod greeter {
    nats_rpc::include_proto!("greeter.v1");
}
mod load;

use greeter::{GreeterClient, HelloRequest};
use nats_rpc::Status;

#[tokio::main]
async fn main() -> Result<(), Status> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let url = std::env::var("NATS_URL").unwrap_or_else(|_| "nats://localhost:4222".to_owned());
    let greeter = GreeterClient::connect(&url).await?;
    if arguments.first().is_some_and(|argument| argument == "--load") {
        let concurrency = number(&arguments, "--concurrency").unwrap_or(64);
        let seconds = number(&arguments, "--seconds").unwrap_or(8);
        load::run(&greeter, concurrency, seconds).await;
        return Ok(());
    }
    let name = arguments.into_iter().next().unwrap_or_else(|| "Ada".to_owned());
    let reply = greeter.say_hello(HelloRequest { name }).await?;
    println!("{}", reply.get_ref().message);
    Ok(())
}

fn number(arguments: &[String], flag: &str) -> Option<u64> {
    let position = arguments.iter().position(|argument| argument == flag)?;
    arguments.get(position + 1)?.parse().ok()
}
