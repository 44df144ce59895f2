//! A file goes up in parts. A service that takes them slowly slows the client down, and nothing piles up in between.

mod upload {
    nats_rpc::include_proto!("upload.v1");
}

use futures_util::{StreamExt, stream};
use nats_rpc::transport::memory::Broker;
use nats_rpc::{Channel, Request, Response, Server, Status, Streaming};
use upload::{Files, FilesClient, FilesServer, Part, Receipt};

struct Sink;

impl Files for Sink {
    async fn upload(&self, request: Request<Streaming<Part>>) -> Result<Response<Receipt>, Status> {
        let mut parts = request.into_inner();
        let mut receipt = Receipt::default();
        while let Some(part) = parts.next().await {
            // The caller has gone, or a part did not arrive: there is no half a file.
            let part = part?;
            receipt.parts += 1;
            receipt.bytes += part.content.len() as u64;
            receipt.sum += part.content.iter().map(|byte| u64::from(*byte)).sum::<u64>();
        }
        Ok(receipt.into())
    }
}

#[tokio::main]
async fn main() -> Result<(), Status> {
    let broker = Broker::new();
    let server = Server::builder().add_service(FilesServer::new(Sink)).start(broker.connect().await?).await?;
    let files = FilesClient::new(Channel::new(broker.connect().await?));

    // 20 MB in parts of 100 KB, made as they are sent.
    let parts = stream::iter((0..200u8).map(|n| Part { content: vec![n; 100_000] }));
    let receipt = files.upload(parts).await?.into_inner();
    println!("{} parts, {} bytes, sum {}", receipt.parts, receipt.bytes, receipt.sum);

    server.shutdown().await;
    Ok(())
}
