//! The processes of a run: services, services behind them, and clients.

use std::time::Duration;

use nats_rpc::server::{Builder, Mount};
use nats_rpc::transport::memory::Broker;
use nats_rpc::{Channel, Connection, Server};
use rand::RngExt;
use rand::rngs::StdRng;

use crate::ledger::Book;
use crate::probe::{Instance, ProbeClient, ProbeServer};
use crate::simulation_support::scene::{Scene, any_place};

const BEHIND: &str = "svc.behind";
const GRACE: Duration = Duration::from_secs(1);

pub(crate) async fn new(seed: u64, skewed: bool, random: &mut StdRng, book: &Book) -> Scene {
    let mut scene = Scene::new(Broker::seeded(seed));
    for n in 0..random.random_range(1..=3) {
        let book = book.clone();
        let build = move |connection: &Connection| front(connection, &book);
        scene.add_server(format!("front{n}"), any_place(skewed, random).0, build).await;
    }
    for n in 0..random.random_range(1..=2) {
        let book = book.behind();
        let build = move |_: &Connection| behind(&book);
        scene.add_server(format!("behind{n}"), any_place(skewed, random).0, build).await;
    }
    for n in 0..2 {
        scene.add_client(format!("client{n}"), any_place(skewed, random).0).await;
    }
    scene
}

/// An instance that calls the service behind it.
fn front(connection: &Connection, book: &Book) -> Builder {
    let channel = Channel::bare(connection.clone()).with_subject("sim.Probe", BEHIND).unwrap();
    let instance = Instance { book: book.clone(), behind: Some(ProbeClient::new(channel)) };
    Server::builder().add_service(ProbeServer::new(instance)).grace(GRACE)
}

fn behind(book: &Book) -> Builder {
    let server = ProbeServer::new(Instance { book: book.clone(), behind: None });
    Server::builder().add_service(Mount::new(server).subject(BEHIND).unwrap()).grace(GRACE)
}
