use futures_util::{StreamExt, stream::Map};
use tokio::net::TcpListener;
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Endpoint, Server};
use tonic::{Request, Response, Status, Streaming};

use super::Flow;
use super::items::{Items, chunk, item, items, read};
use crate::Error;
use crate::api::streams_client::StreamsClient;
use crate::api::streams_server::{Streams, StreamsServer};
use crate::api::{Chunk, Item, Order};
use crate::worker::{self, Job};

type Responses<T> = Map<Items<T>, fn(T) -> Result<T, Status>>;

struct Source;

#[tonic::async_trait]
impl Streams for Source {
    type GiveStream = Responses<Item>;
    type GiveChunksStream = Responses<Chunk>;
    type MirrorStream = Streaming<Item>;

    async fn give(&self, request: Request<Order>) -> Result<Response<Self::GiveStream>, Status> {
        let order = request.into_inner();
        Ok(Response::new(items(item(order.size as usize), order.channel).map(Ok)))
    }

    async fn give_chunks(&self, request: Request<Order>) -> Result<Response<Self::GiveChunksStream>, Status> {
        let order = request.into_inner();
        Ok(Response::new(items(chunk(order.size as usize), order.channel).map(Ok)))
    }

    async fn mirror(&self, request: Request<Streaming<Item>>) -> Result<Response<Streaming<Item>>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

pub(super) async fn serve() -> Result<(), Error> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
    let serving = Server::builder().add_service(StreamsServer::new(Source)).serve_with_incoming(incoming);
    tokio::select! {
        ended = serving => Ok(ended?),
        served = worker::serve(address, || 0) => Ok(served?),
    }
}

pub(super) async fn measure(job: &Job, flow: Flow) -> Result<(), Error> {
    let endpoint = Endpoint::new(format!("http://{}", job.servers[0]))?;
    let mut streams = StreamsClient::new(endpoint.connect().await?);
    let load = &job.load;
    let order = flow.order(load);
    match flow {
        Flow::Ready | Flow::Channel => read(load, streams.give(order).await?.into_inner()).await,
        Flow::Chunks => read(load, streams.give_chunks(order).await?.into_inner()).await,
        Flow::Mirror => {
            let requests = items(item(load.payload), order.channel);
            read(load, streams.mirror(requests).await?.into_inner()).await
        }
    }
}
