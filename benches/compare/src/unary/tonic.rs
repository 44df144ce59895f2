//! Generated code of tonic, in its default configuration: HTTP/2 in plain text, `TCP_NODELAY` on both sides.

use tokio::net::TcpListener;
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Channel, Server};
use tonic::{Request, Response, Status};

use crate::Error;
use crate::api::Message;
use crate::api::echo_client::EchoClient;
use crate::api::echo_server::{Echo, EchoServer};
use crate::load::Caller;
use crate::worker::{self, Job};

struct Answers;

#[tonic::async_trait]
impl Echo for Answers {
    async fn unary(&self, request: Request<Message>) -> Result<Response<Message>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

pub(super) async fn serve() -> Result<(), Error> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    // `Server::serve` sets it; a listener of one's own has to be told.
    let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
    let serving = Server::builder().add_service(EchoServer::new(Answers)).serve_with_incoming(incoming);
    // Connections run in tasks of their own in any case.
    let serving = tokio::spawn(serving);
    tokio::select! {
        ended = serving => Ok(ended??),
        served = worker::serve(address, || 0) => Ok(served?),
    }
}

#[derive(Clone)]
pub(crate) struct Tonic(EchoClient<Channel>);

pub(crate) async fn connect(job: &Job) -> Result<Tonic, Error> {
    let address = job.servers.first().ok_or("no server to connect to")?;
    Ok(Tonic(EchoClient::connect(format!("http://{address}")).await?))
}

impl Caller for Tonic {
    async fn call(&self, request: Message) -> Result<Message, Error> {
        // Clones are what tonic's documentation tells to use for calls at the same time.
        Ok(self.0.clone().unary(request).await?.into_inner())
    }
}
