//! A breaker between a channel and a server: what it makes of what really comes back.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU32, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::{StreamExt, stream};
use nats_rpc::codegen::{HandlerFuture, Service};
use nats_rpc::layer::{Breaker, BreakerLayer, BreakerState};
use nats_rpc::raw::{Body, Call, Reply, ReplyBody};
use nats_rpc::server::RpcService;
use nats_rpc::transport::memory::Broker;
use nats_rpc::{Channel, Code, Kind, Metadata, Reason, Server, ServiceSpec, Spec, Status};
use tower::{Layer, ServiceExt};

const SECOND: Duration = Duration::from_secs(1);

static MOODY: ServiceSpec = ServiceSpec::new(
    "test.Moody",
    &[
        Spec::new("test.Moody", "Ask", 0, Kind::Unary),
        Spec::new("test.Moody", "Tell", 1, Kind::ClientStreaming),
    ],
);

const ANSWERS: u8 = 0;
const FAILS: u8 = 1;
const HANGS: u8 = 2;
const FINDS_NOTHING: u8 = 3;

#[derive(Clone, Default)]
struct Moody {
    mood: Arc<AtomicU8>,
    asked: Arc<AtomicU32>,
}

impl Service<Call> for Moody {
    type Response = Reply;
    type Error = Status;
    type Future = HandlerFuture;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Status>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, call: Call) -> HandlerFuture {
        self.asked.fetch_add(1, Ordering::Relaxed);
        let mood = self.mood.load(Ordering::Relaxed);
        Box::pin(async move {
            match (mood, call.into_body()) {
                (ANSWERS, Body::Unary(message)) => {
                    let body = ReplyBody::Unary { message, trailers: Metadata::new() };
                    Ok(Reply::new(Metadata::new(), body))
                }
                (ANSWERS, Body::Stream(mut requests)) => {
                    while requests.next().await.transpose()?.is_some() {}
                    let body = ReplyBody::Unary { message: "heard".into(), trailers: Metadata::new() };
                    Ok(Reply::new(Metadata::new(), body))
                }
                (HANGS, _) => std::future::pending().await,
                (FINDS_NOTHING, _) => Err(Status::not_found("it is not there")),
                _ => Err(Status::unavailable("not today")),
            }
        })
    }
}

impl RpcService for Moody {
    const SPEC: &'static ServiceSpec = &MOODY;
}

/// How many of so many calls end with a code and a reason.
async fn calls(client: &Breaker<Channel>, count: usize, code: Code, reason: Option<Reason>) -> usize {
    let mut counted = 0;
    for _ in 0..count {
        let call = Call::new(MOODY.method(0), Body::Unary("?".into()));
        let ended = match client.clone().oneshot(call).await {
            Ok(_) => (Code::Ok, None),
            Err(status) => (status.code(), status.reason()),
        };
        counted += usize::from(ended == (code, reason));
    }
    counted
}

#[tokio::test(start_paused = true)]
async fn a_service_that_fails_is_spared_until_it_answers_again() {
    let (broker, moody) = (Broker::new(), Moody::default());
    let server = Server::builder().add_service(moody.clone());
    let server = server.start(broker.connect().await.unwrap()).await.unwrap();
    let layer = BreakerLayer::new();
    let client = layer.layer(Channel::bare(broker.connect().await.unwrap()));
    let circuit = layer.handle().circuit(&MOODY.method(0));

    moody.mood.store(FAILS, Ordering::Relaxed);
    assert_eq!(calls(&client, 20, Code::Unavailable, None).await, 20);
    assert_eq!(calls(&client, 100, Code::Unavailable, Some(Reason::CircuitOpen)).await, 100);
    assert_eq!(moody.asked.load(Ordering::Relaxed), 20);
    assert!(layer.handle().reachable("test.Moody"));

    moody.mood.store(ANSWERS, Ordering::Relaxed);
    tokio::time::sleep(SECOND * 6 / 5).await;
    assert_eq!(calls(&client, 3, Code::Ok, None).await, 3);
    assert_eq!(circuit.state(), BreakerState::Ramp);
    tokio::time::sleep(SECOND * 2).await;
    assert_eq!(calls(&client, 100, Code::Ok, None).await, 100);
    assert_eq!(circuit.state(), BreakerState::Closed);
    server.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn a_service_that_hangs_is_spared_too() {
    let (broker, moody) = (Broker::new(), Moody::default());
    let server = Server::builder().add_service(moody.clone());
    let server = server.start(broker.connect().await.unwrap()).await.unwrap();
    let layer = BreakerLayer::new();
    let channel = Channel::bare(broker.connect().await.unwrap()).with_default_timeout(SECOND / 10);
    let client = layer.layer(channel);
    moody.mood.store(HANGS, Ordering::Relaxed);
    assert_eq!(calls(&client, 20, Code::DeadlineExceeded, None).await, 20);
    assert_eq!(calls(&client, 100, Code::Unavailable, Some(Reason::CircuitOpen)).await, 100);
    server.shutdown().await;
}

/// It answers, so it works: most look-ups just find nothing.
#[tokio::test(start_paused = true)]
async fn a_service_whose_callers_are_mostly_to_blame_is_not_spared() {
    let (broker, moody) = (Broker::new(), Moody::default());
    let server = Server::builder().add_service(moody.clone());
    let server = server.start(broker.connect().await.unwrap()).await.unwrap();
    let client = BreakerLayer::new().layer(Channel::bare(broker.connect().await.unwrap()));
    for _ in 0..100 {
        moody.mood.store(FINDS_NOTHING, Ordering::Relaxed);
        assert_eq!(calls(&client, 49, Code::NotFound, None).await, 49);
        moody.mood.store(FAILS, Ordering::Relaxed);
        assert_eq!(calls(&client, 1, Code::Unavailable, None).await, 1);
        tokio::time::sleep(SECOND / 20).await;
    }
    server.shutdown().await;
}

/// Somebody who passes on what another service sends, and that one fails.
#[tokio::test(start_paused = true)]
async fn a_service_is_not_spared_for_streams_of_requests_that_fail() {
    let broker = Broker::new();
    let server = Server::builder().add_service(Moody::default());
    let server = server.start(broker.connect().await.unwrap()).await.unwrap();
    let client = BreakerLayer::new().layer(Channel::bare(broker.connect().await.unwrap()));
    let tell = |ends: bool| {
        let requests = stream::once(async { Ok("a".into()) }).chain(stream::once(async move {
            tokio::time::sleep(SECOND / 10).await;
            if ends { Ok("b".into()) } else { Err(Status::unavailable("of another service")) }
        }));
        client.clone().oneshot(Call::new(MOODY.method(1), Body::Stream(Box::pin(requests))))
    };
    for _ in 0..30 {
        let failure = tell(false).await.unwrap_err();
        assert_eq!((failure.code(), failure.message()), (Code::Unavailable, "of another service"));
    }
    tell(true).await.unwrap();
    server.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn a_service_that_is_not_there_is_called_all_the_same() {
    let broker = Broker::new();
    let layer = BreakerLayer::new();
    let client = layer.layer(Channel::bare(broker.connect().await.unwrap()));
    assert_eq!(calls(&client, 100, Code::Unavailable, Some(Reason::NoResponders)).await, 100);
    assert!(!layer.handle().reachable("test.Moody"));
    assert_eq!(layer.handle().circuit(&MOODY.method(0)).state(), BreakerState::Closed);

    let server = Server::builder().add_service(Moody::default());
    let server = server.start(broker.connect().await.unwrap()).await.unwrap();
    assert_eq!(calls(&client, 1, Code::Ok, None).await, 1);
    assert!(layer.handle().reachable("test.Moody"));
    server.shutdown().await;
}
