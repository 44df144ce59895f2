use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use futures_util::stream;
use nats_rpc::{Channel, Connection, Request, Response, Server, Status, Streaming};

use super::hold::hold;
use crate::Error;
use crate::api::{Chunk, Echo, EchoServer, Item, Message, Order, Streams, StreamsClient, StreamsServer};
use crate::worker::{self, Job};

/// Opens and never ends.
#[derive(Default)]
struct Waiting {
    begun: AtomicU64,
}

impl Echo for Waiting {
    async fn unary(&self, request: Request<Message>) -> Result<Response<Message>, Status> {
        self.begun.fetch_add(1, Relaxed);
        pending::<()>().await;
        Ok(request.into_inner().into())
    }
}

impl Streams for Waiting {
    async fn give(&self, _: Request<Order>) -> Result<Response<Streaming<Item>>, Status> {
        Ok(Response::stream(stream::pending()))
    }

    async fn give_chunks(&self, _: Request<Order>) -> Result<Response<Streaming<Chunk>>, Status> {
        Ok(Response::stream(stream::pending()))
    }

    async fn mirror(&self, request: Request<Streaming<Item>>) -> Result<Response<Streaming<Item>>, Status> {
        self.begun.fetch_add(1, Relaxed);
        Ok(Response::stream(request.into_inner()))
    }
}

/// There may be 1,000 streams on a connection unless one says otherwise.
async fn connect(job: &Job) -> Result<Connection, Error> {
    Ok(Connection::builder().server(&job.nats).max_streams(2 * job.load.concurrency).connect().await?)
}

pub(super) async fn serve(job: &Job) -> Result<(), Error> {
    let waiting = Arc::new(Waiting::default());
    let _server = Server::builder()
        .add_service(EchoServer::from_arc(Arc::clone(&waiting)))
        .add_service(StreamsServer::from_arc(Arc::clone(&waiting)))
        .start(connect(job).await?)
        .await?;
    Ok(worker::serve("", || waiting.begun.load(Relaxed)).await?)
}

pub(super) async fn hold_streams(job: &Job) -> Result<(), Error> {
    let streams = StreamsClient::new(Channel::new(connect(job).await?));
    hold(&job.load, async || Ok(streams.mirror().send_all(stream::pending()).await?), |_| false).await
}
