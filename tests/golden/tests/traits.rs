//! Services from Rust traits, in a crate that allows nothing, called without a network.

#![deny(warnings, clippy::pedantic, clippy::nursery, missing_docs, unreachable_pub)]

use nats_rpc::{Request, Response, Status};
use serde::{Deserialize, Serialize};

/// A message that only serde knows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sum {
    /// What it is made of.
    pub parts: Vec<u32>,
}

/// Adds numbers.
#[nats_rpc::service(package = "adder.v1", codec = "json", crate = ::nats_rpc)]
pub trait Adder {
    /// Adds the parts up.
    #[rpc(name = "AddUp")]
    async fn add(&self, request: Request<Sum>) -> Result<Response<u32>, Status>;

    #[deprecated(note = "add instead")]
    async fn r#async(&self, request: Request<Sum>) -> Result<Response<Sum>, Status>;
}

/// Does it by hand.
#[derive(Debug)]
struct Abacus;

impl Adder for Abacus {
    async fn add(&self, request: Request<Sum>) -> Result<Response<u32>, Status> {
        Ok(Response::new(request.into_inner().parts.iter().sum()))
    }

    async fn r#async(&self, request: Request<Sum>) -> Result<Response<Sum>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

#[tokio::test]
async fn json_goes_there_and_back() -> Result<(), Status> {
    let client = AdderClient::new(AdderServer::new(Abacus));
    let sum = Sum { parts: vec![1, 2, 3] };
    assert_eq!(client.add(sum).await?.into_inner(), 6);
    assert_eq!(ADDER.method(0).to_string(), "/adder.v1.Adder/AddUp");
    Ok(())
}
