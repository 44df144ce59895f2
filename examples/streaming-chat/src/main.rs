//! A chat room: a stream each way for everybody in it.

mod chat {
    nats_rpc::include_proto!("chat.v1");
}

use chat::{Chat, ChatClient, ChatServer, Line};
use futures_util::StreamExt;
use nats_rpc::transport::memory::Broker;
use nats_rpc::{Channel, Request, Response, Server, Status, Streaming};
use tokio::sync::broadcast;
use tokio_stream::wrappers::BroadcastStream;

struct Room(broadcast::Sender<Line>);

impl Chat for Room {
    async fn join(&self, request: Request<Streaming<Line>>) -> Result<Response<Streaming<Line>>, Status> {
        let (room, everybody) = (self.0.clone(), BroadcastStream::new(self.0.subscribe()));
        let mut said = request.into_inner();
        // It ends when the guest has left, whichever way.
        nats_rpc::spawn(async move {
            while let Some(Ok(line)) = said.next().await {
                // Nobody has to listen.
                let _ = room.send(line);
            }
        });
        let slow = |_| Status::resource_exhausted("the room talks faster than you listen");
        Ok(Response::stream(everybody.map(move |line| line.map_err(slow))))
    }
}

#[tokio::main]
async fn main() -> Result<(), Status> {
    let broker = Broker::new();
    let room = ChatServer::new(Room(broadcast::channel(64).0));
    let server = Server::builder().add_service(room).start(broker.connect().await?).await?;

    let (ada, bob) = (Channel::new(broker.connect().await?), Channel::new(broker.connect().await?));
    let (mut ada_says, mut ada_hears) = ChatClient::new(ada).join().await?.into_split();
    let (mut bob_says, mut bob_hears) = ChatClient::new(bob).join().await?.into_split();
    // The response metadata says that a guest is in the room.
    ada_hears.metadata().await?;
    bob_hears.metadata().await?;

    ada_says.send(Line { name: "Ada".into(), text: "Is anybody there?".into() }).await?;
    if let Some(heard) = bob_hears.message().await? {
        println!("Bob hears {}: {}", heard.name, heard.text);
    }
    bob_says.send(Line { name: "Bob".into(), text: "I am.".into() }).await?;
    for _ in 0..2 {
        if let Some(heard) = ada_hears.message().await? {
            println!("Ada hears {}: {}", heard.name, heard.text);
        }
    }
    // Who stops listening leaves.
    drop((ada_says, ada_hears, bob_says, bob_hears));
    server.shutdown().await;
    Ok(())
}
