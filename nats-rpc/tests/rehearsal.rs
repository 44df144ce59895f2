//! Faults that a server injects, on the transport within the process, under paused time.
#![cfg(feature = "macros")]

use std::time::Duration;

use nats_rpc::layer::FaultLayer;
use nats_rpc::server::{Handle, Mount};
use nats_rpc::transport::memory::Broker;
use nats_rpc::{Channel, Code, Origin, Request, Response, Server, Status};
use tokio::time::Instant;

#[nats_rpc::service(package = "test.v1")]
pub trait Echo {
    async fn echo(&self, request: Request<String>) -> Result<Response<String>, Status>;
}

struct Same;

impl Echo for Same {
    async fn echo(&self, request: Request<String>) -> Result<Response<String>, Status> {
        Ok(request.into_inner().into())
    }
}

async fn start(faults: FaultLayer) -> (EchoClient, Handle) {
    let broker = Broker::seeded(6);
    let mount = Mount::new(EchoServer::new(Same)).layer(faults);
    let server = Server::builder().add_service(mount).start(broker.connect().await.unwrap()).await.unwrap();
    (EchoClient::new(Channel::bare(broker.connect().await.unwrap())), server)
}

#[tokio::test(start_paused = true)]
async fn a_caller_asks_a_service_for_faults() {
    let (client, _server) = start(FaultLayer::new().with_requests()).await;
    let start = Instant::now();
    let late = client.echo("x".to_owned()).metadata("x-nats-rpc-fault-delay-ms", "40");
    assert_eq!(late.await.unwrap().into_inner(), "x");
    assert!(start.elapsed() >= Duration::from_millis(40), "{:?}", start.elapsed());
    let failing = client.echo("x".to_owned()).metadata("x-nats-rpc-fault-abort-code", "14");
    let status = failing.await.unwrap_err();
    assert_eq!((status.code(), status.origin()), (Code::Unavailable, Origin::Remote));
    assert!(!status.is_not_processed(), "as if the handler had failed");
    let strange = client.echo("x".to_owned()).metadata("x-nats-rpc-fault-abort-code", "all");
    assert_eq!(strange.await.unwrap_err().code(), Code::Internal);
}

#[tokio::test(start_paused = true)]
async fn what_was_not_processed_is_made_again_whatever_the_method_does() {
    // Of a hundred calls that fail half of the time one in eight fails three times.
    let faults = FaultLayer::new().with_abort(Code::Unavailable, "a rehearsal", 50.0).with_seed(3);
    for (faults, least, most) in [(faults.clone(), 35, 65), (faults.with_not_processed(), 75, 99)] {
        let (client, _server) = start(faults).await;
        let mut answered = 0;
        for _ in 0..100 {
            answered += usize::from(client.echo("x".to_owned()).await.is_ok());
        }
        assert!((least..=most).contains(&answered), "{answered}");
    }
}
