//! Serves `interop.v1.Probe` on the NATS server at `NATS_URL` until it is interrupted or terminated.

mod probe {
    nats_rpc::include_proto!("interop.v1");
}

use std::future::pending;

use nats_rpc::details::ErrorInfo;
use nats_rpc::metadata::Value;
use nats_rpc::server::shutdown_signal;
use nats_rpc::{Connection, Metadata, Request, Response, Server, Status};
use probe::{Probe, ProbeServer, Text};

struct MyProbe;

impl Probe for MyProbe {
    async fn echo(&self, request: Request<Text>) -> Result<Response<Text>, Status> {
        let mut head = Metadata::new();
        for (key, value) in request.metadata().iter().filter(|(key, _)| key.starts_with("x-")) {
            match value {
                Value::Ascii(text) => head.append(key.to_owned(), text.to_owned())?,
                Value::Binary(bytes) => head.append_bin(key.to_owned(), bytes.to_vec())?,
            }
        }
        let count = head.len().to_string();
        let id = request.metadata().get_bin("x-id-bin").unwrap_or_default();
        let sum = id.iter().fold(0_u8, |sum, byte| sum.wrapping_add(*byte));

        let mut response = Response::new(request.into_inner());
        *response.metadata_mut() = head;
        response.trailers_mut().insert("t-count", count)?;
        response.trailers_mut().insert_bin("t-sum-bin", vec![sum])?;
        Ok(response)
    }

    async fn fail(&self, request: Request<Text>) -> Result<Response<Text>, Status> {
        let mut status = Status::not_found(request.into_inner().text)
            .with_detail(&ErrorInfo::new("PROBE", "interop.example"));
        status.metadata_mut().insert("t-why", "asked")?;
        Err(status)
    }

    async fn wait(&self, _: Request<Text>) -> Result<Response<Text>, Status> {
        pending().await
    }
}

#[tokio::main]
async fn main() -> Result<(), Status> {
    let url = std::env::var("NATS_URL").unwrap_or_else(|_| "nats://localhost:4222".to_owned());
    let connection = Connection::connect(&url).await?;
    let server = Server::builder().add_service(ProbeServer::new(MyProbe)).start(connection).await?;
    println!("serving interop.v1.Probe on {url}; ctrl-c stops");

    shutdown_signal().await;
    server.shutdown().await;
    Ok(())
}
