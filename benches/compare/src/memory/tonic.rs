use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use futures_util::stream;
use tokio::net::TcpListener;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status, Streaming};

use super::hold::hold;
use crate::Error;
use crate::api::echo_server::{Echo, EchoServer};
use crate::api::streams_client::StreamsClient;
use crate::api::streams_server::{Streams, StreamsServer};
use crate::api::{Chunk, Item, Message, Order};
use crate::worker::{self, Job};

/// Opens and never ends.
#[derive(Default)]
struct Waiting {
    begun: AtomicU64,
}

#[tonic::async_trait]
impl Echo for Waiting {
    async fn unary(&self, request: Request<Message>) -> Result<Response<Message>, Status> {
        self.begun.fetch_add(1, Relaxed);
        pending::<()>().await;
        Ok(Response::new(request.into_inner()))
    }
}

#[tonic::async_trait]
impl Streams for Waiting {
    type GiveStream = stream::Pending<Result<Item, Status>>;
    type GiveChunksStream = stream::Pending<Result<Chunk, Status>>;
    type MirrorStream = Streaming<Item>;

    async fn give(&self, _: Request<Order>) -> Result<Response<Self::GiveStream>, Status> {
        Ok(Response::new(stream::pending()))
    }

    async fn give_chunks(&self, _: Request<Order>) -> Result<Response<Self::GiveChunksStream>, Status> {
        Ok(Response::new(stream::pending()))
    }

    async fn mirror(&self, request: Request<Streaming<Item>>) -> Result<Response<Streaming<Item>>, Status> {
        self.begun.fetch_add(1, Relaxed);
        Ok(Response::new(request.into_inner()))
    }
}

pub(super) async fn serve(job: &Job) -> Result<(), Error> {
    let waiting = Arc::new(Waiting::default());
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    // Hyper lets a client open 200 on a connection unless one says otherwise.
    let serving = Server::builder()
        .max_concurrent_streams(2 * job.load.concurrency as u32)
        .add_service(EchoServer::from_arc(Arc::clone(&waiting)))
        .add_service(StreamsServer::from_arc(Arc::clone(&waiting)))
        .serve_with_incoming(TcpIncoming::from(listener).with_nodelay(Some(true)));
    tokio::select! {
        ended = serving => Ok(ended?),
        served = worker::serve(address, || waiting.begun.load(Relaxed)) => Ok(served?),
    }
}

pub(super) async fn hold_streams(job: &Job) -> Result<(), Error> {
    let streams = StreamsClient::connect(format!("http://{}", job.servers[0])).await?;
    hold(&job.load, async || Ok(streams.clone().mirror(stream::pending()).await?), |_| false).await
}
