use futures_util::StreamExt;
use nats_rpc::{Connection, Request, Response, Server, Status, Streaming};

use super::Flow;
use super::items::{chunk, item, items, read};
use crate::Error;
use crate::api::{Chunk, Item, Order, Streams, StreamsClient, StreamsServer};
use crate::worker::{self, Job};

struct Source;

impl Streams for Source {
    async fn give(&self, request: Request<Order>) -> Result<Response<Streaming<Item>>, Status> {
        let order = request.into_inner();
        Ok(Response::stream(items(item(order.size as usize), order.channel).map(Ok)))
    }

    async fn give_chunks(&self, request: Request<Order>) -> Result<Response<Streaming<Chunk>>, Status> {
        let order = request.into_inner();
        Ok(Response::stream(items(chunk(order.size as usize), order.channel).map(Ok)))
    }

    async fn mirror(&self, request: Request<Streaming<Item>>) -> Result<Response<Streaming<Item>>, Status> {
        Ok(Response::stream(request.into_inner()))
    }
}

pub(super) async fn serve(job: &Job) -> Result<(), Error> {
    let connection = Connection::connect(&job.nats).await?;
    let server = Server::builder().add_service(StreamsServer::new(Source)).start(connection).await?;
    worker::serve("", || 0).await?;
    server.shutdown().await;
    Ok(())
}

pub(super) async fn measure(job: &Job, flow: Flow) -> Result<(), Error> {
    let (streams, load) = (StreamsClient::connect(&job.nats).await?, &job.load);
    let order = flow.order(load);
    match flow {
        Flow::Ready | Flow::Channel => read(load, streams.give(order).await?.into_inner()).await,
        Flow::Chunks => read(load, streams.give_chunks(order).await?.into_inner()).await,
        Flow::Mirror => {
            let requests = items(item(load.payload), order.channel);
            read(load, streams.mirror().send_all(requests).await?.into_inner()).await
        }
    }
}
