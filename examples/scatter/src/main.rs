//! Asks all instances of a service at once, and one of them again by its name.

use futures_util::StreamExt;
use nats_rpc::transport::memory::Broker;
use nats_rpc::{Channel, Request, Response, Server, Status};

#[derive(Clone, Copy, PartialEq, prost::Message)]
struct Nothing {}

#[derive(Clone, Copy, PartialEq, prost::Message)]
struct Load {
    #[prost(uint32, tag = "1")]
    players: u32,
}

/// A game server.
#[nats_rpc::service(package = "fleet.v1")]
trait Node {
    /// How many play here.
    async fn load(&self, request: Request<Nothing>) -> Result<Response<Load>, Status>;
}

struct Game {
    players: u32,
}

impl Node for Game {
    async fn load(&self, _: Request<Nothing>) -> Result<Response<Load>, Status> {
        Ok(Load { players: self.players }.into())
    }
}

#[tokio::main]
async fn main() -> Result<(), Status> {
    let broker = Broker::new();
    let mut servers = Vec::new();
    for players in [3, 14, 7] {
        let node = NodeServer::new(Game { players });
        servers.push(Server::builder().add_service(node).start(broker.connect().await?).await?);
    }
    let fleet = NodeClient::new(Channel::new(broker.connect().await?));

    let mut loads = Vec::new();
    let mut answers = fleet.scatter().load(Nothing {}).await?;
    while let Some((instance, load)) = answers.next().await {
        loads.push((load?.into_inner().players, instance));
    }
    loads.sort();
    println!("players: {:?}", loads.iter().map(|(players, _)| players).collect::<Vec<_>>());

    if let Some((players, instance)) = loads.first() {
        let again = fleet.on_instance(instance.as_str()).load(Nothing {}).await?;
        println!("the emptiest has {players}, and still {}", again.get_ref().players);
    }
    for server in servers {
        server.shutdown().await;
    }
    Ok(())
}
