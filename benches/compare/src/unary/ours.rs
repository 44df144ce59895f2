//! Generated code of nats-rpc.

use nats_rpc::{Channel, Connection, Request, Response, Server, Status};
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::api::{Echo, EchoClient, EchoServer, Message};
use crate::load::Caller;
use crate::worker::{self, Job};

/// What is around each call of a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Layers {
    /// Deadlines, retries, breakers.
    Default,
    /// Deadlines.
    Bare,
    /// As the default, with each call in a NATS message of its own.
    WithoutCoalescing,
}

struct Answers;

impl Echo for Answers {
    async fn unary(&self, request: Request<Message>) -> Result<Response<Message>, Status> {
        Ok(request.into_inner().into())
    }
}

/// One server on each connection, in one queue group.
pub(super) async fn serve(job: &Job, connections: usize) -> Result<(), Error> {
    let mut servers = Vec::new();
    for _ in 0..connections {
        let connection = Connection::connect(&job.nats).await?;
        servers.push(Server::builder().add_service(EchoServer::new(Answers)).start(connection).await?);
    }
    worker::serve("", || 0).await?;
    Ok(())
}

#[derive(Clone)]
pub(crate) struct Ours(EchoClient<Channel>);

pub(crate) async fn connect(job: &Job, layers: Layers) -> Result<Ours, Error> {
    let connection = Connection::connect(&job.nats).await?;
    let channel = match layers {
        Layers::Default | Layers::WithoutCoalescing => Channel::new(connection),
        Layers::Bare => Channel::bare(connection),
    };
    Ok(Ours(EchoClient::new(channel)))
}

impl Caller for Ours {
    async fn call(&self, request: Message) -> Result<Message, Error> {
        Ok(self.0.unary(request).await?.into_inner())
    }
}
