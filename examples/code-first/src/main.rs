//! A service from a Rust trait, without a `.proto`, with JSON messages.

use nats_rpc::transport::memory::Broker;
use nats_rpc::{Channel, Request, Response, Server, Status};
use serde::{Deserialize, Serialize};

/// Two numbers.
#[derive(Debug, Serialize, Deserialize)]
pub struct Operands {
    a: i64,
    b: i64,
}

/// One number.
#[derive(Debug, Serialize, Deserialize)]
pub struct Number {
    value: i64,
}

/// Calculates.
#[nats_rpc::service(package = "calculator.v1", codec = "json")]
pub trait Calculator {
    /// The sum of two numbers.
    #[rpc(idempotency = "no_side_effects")]
    async fn add(&self, request: Request<Operands>) -> Result<Response<Number>, Status>;

    /// The quotient of two numbers. INVALID_ARGUMENT when the second is zero.
    #[rpc(idempotency = "no_side_effects")]
    async fn divide(&self, request: Request<Operands>) -> Result<Response<Number>, Status>;
}

struct MyCalculator;

impl Calculator for MyCalculator {
    async fn add(&self, request: Request<Operands>) -> Result<Response<Number>, Status> {
        let Operands { a, b } = request.into_inner();
        let value = a.checked_add(b).ok_or_else(|| Status::out_of_range("the sum is too large"))?;
        Ok(Number { value }.into())
    }

    async fn divide(&self, request: Request<Operands>) -> Result<Response<Number>, Status> {
        let Operands { a, b } = request.into_inner();
        let value = a.checked_div(b).ok_or_else(|| Status::invalid_argument("division by zero"))?;
        Ok(Number { value }.into())
    }
}

#[tokio::main]
async fn main() -> Result<(), Status> {
    let broker = Broker::new();
    let server = Server::builder()
        .add_service(CalculatorServer::new(MyCalculator))
        .start(broker.connect().await?)
        .await?;
    let calculator = CalculatorClient::new(Channel::new(broker.connect().await?));

    let sum = calculator.add(Operands { a: 40, b: 2 }).await?;
    println!("40 + 2 = {}", sum.get_ref().value);
    if let Err(status) = calculator.divide(Operands { a: 1, b: 0 }).await {
        println!("1 / 0 : {status}");
    }
    server.shutdown().await;
    Ok(())
}
