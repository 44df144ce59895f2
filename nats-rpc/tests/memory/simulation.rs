//! A whole client and servers, with faults, under paused time: a seed decides all of it.

use std::task::{Context, Poll};
use std::time::Duration;

use nats_rpc::codegen::{HandlerFuture, Service};
use nats_rpc::raw::{Body, Call, Reply, ReplyBody};
use nats_rpc::server::RpcService;
use nats_rpc::transport::memory::{Broker, Faults, Options};
use nats_rpc::{Channel, Code, Kind, Metadata, Server, ServiceSpec, Spec, Status};
use tokio::time::Instant;

static ECHO: ServiceSpec = ServiceSpec::new("test.Echo", &[Spec::new("test.Echo", "Echo", 0, Kind::Unary)]);

/// Answers with its own name.
#[derive(Clone)]
struct Echo(&'static str);

impl Service<Call> for Echo {
    type Response = Reply;
    type Error = Status;
    type Future = HandlerFuture;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Status>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Call) -> HandlerFuture {
        let body = ReplyBody::Unary { message: self.0.into(), trailers: Metadata::new() };
        Box::pin(async {
            tokio::time::sleep(Duration::from_millis(3)).await;
            Ok(Reply::new(Metadata::new(), body))
        })
    }
}

impl RpcService for Echo {
    const SPEC: &'static ServiceSpec = &ECHO;
}

async fn run(seed: u64) -> Vec<(u128, Result<String, Code>)> {
    let broker = Broker::seeded(seed);
    let mut servers = Vec::new();
    for name in ["first", "second"] {
        let options = Options::new().name(name).node(name).latency(Duration::from_millis(2));
        let connection = broker.connect_with(options).await.unwrap();
        servers.push(Server::builder().add_service(Echo(name)).start(connection).await.unwrap());
    }
    let client = broker.connect_with(Options::new().name("client").node("first")).await.unwrap();
    let mut channel = Channel::bare(client);
    broker.add_faults(
        Faults::new().on("svc.>").lose(0.1).delay(0.5, Duration::ZERO..=Duration::from_millis(50)),
    );
    let begin = Instant::now();
    let mut log = Vec::new();
    for number in 0..60 {
        match number {
            20 => broker.cut_route("first", "second"),
            30 => broker.heal_route("first", "second"),
            40 => broker.disconnect("client"),
            50 => broker.stop(),
            52 => broker.start(),
            _ => {}
        }
        let call = Call::new(ECHO.method(0), Body::Unary("x".into()));
        let outcome = tokio::time::timeout(Duration::from_millis(500), channel.call(call)).await;
        let outcome = match outcome {
            Ok(Ok(reply)) => match reply.into_parts().1 {
                ReplyBody::Unary { message, .. } => Ok(String::from_utf8(message.to_vec()).unwrap()),
                ReplyBody::Stream(_) => panic!("a stream"),
            },
            Ok(Err(status)) => Err(status.code()),
            Err(_) => Err(Code::DeadlineExceeded),
        };
        log.push((begin.elapsed().as_millis(), outcome));
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    for server in servers {
        server.shutdown().await;
    }
    log
}

#[tokio::test(start_paused = true)]
async fn a_seed_repeats_a_whole_run() {
    let log = run(11).await;
    assert_eq!(log, run(11).await);
    assert_ne!(log, run(12).await);
    let count = |wanted: &Result<String, Code>| log.iter().filter(|(_, outcome)| outcome == wanted).count();
    assert!(count(&Ok("first".to_owned())) > 5, "{log:?}");
    assert!(count(&Ok("second".to_owned())) > 5, "{log:?}");
    assert!(count(&Err(Code::Unavailable)) > 0, "{log:?}");
    assert!(count(&Err(Code::DeadlineExceeded)) > 0, "{log:?}");
}
