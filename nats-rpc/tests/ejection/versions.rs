//! Instances of different versions, which do not have the same methods.

use std::time::Duration;

use nats_rpc::server::{Handle, Standing};
use nats_rpc::transport::memory::Broker;
use nats_rpc::{Channel, Request, Response, Server, Status};
use tokio::time::sleep;

use crate::calls::burst;
use crate::work::{WorkServer, Worker};

/// The same service, with a method more.
mod newer {
    use super::{Request, Response, Status};

    #[nats_rpc::service(package = "ejection")]
    pub(crate) trait Work {
        async fn act(&self, request: Request<String>) -> Result<Response<String>, Status>;
        async fn act_better(&self, request: Request<String>) -> Result<Response<String>, Status>;
    }

    pub(crate) struct Bad;

    impl Work for Bad {
        async fn act(&self, _: Request<String>) -> Result<Response<String>, Status> {
            Err(Status::internal("it fails"))
        }

        async fn act_better(&self, _: Request<String>) -> Result<Response<String>, Status> {
            Ok(String::from("done").into())
        }
    }
}

fn standing(server: &Handle) -> Standing {
    server.standings().next().unwrap().1
}

/// Nobody would be left who has the new method.
#[tokio::test(start_paused = true)]
async fn the_only_one_of_its_version_stays() {
    let broker = Broker::seeded(1);
    let mut old = Vec::new();
    for _ in 0..2 {
        let server = Server::builder().add_service(WorkServer::new(Worker::new()));
        old.push(server.start(broker.connect().await.unwrap()).await.unwrap());
    }
    let newer = || Server::builder().add_service(newer::WorkServer::new(newer::Bad));
    let first = newer().start(broker.connect().await.unwrap()).await.unwrap();
    let channel = Channel::new(broker.connect().await.unwrap());
    burst(&channel, 300).await;
    for _ in 0..50 {
        sleep(Duration::from_millis(100)).await;
        assert_eq!(standing(&first), Standing::Serving);
    }
    // With another one, it may.
    let second = newer().start(broker.connect().await.unwrap()).await.unwrap();
    burst(&channel, 300).await;
    sleep(Duration::from_secs(2)).await;
    let left = [&first, &second].iter().filter(|server| standing(server) == Standing::Ejected).count();
    assert_eq!((left, old.iter().all(|server| standing(server) == Standing::Serving)), (1, true));
}
