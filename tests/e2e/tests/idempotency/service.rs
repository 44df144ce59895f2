use std::num::NonZeroU128;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use e2e::{Answer, Count, LONG, ProbeServer, Scripted, World, answer, probe, question};
use nats_rpc::layer::idempotency::{IdempotencyLayer, KvStore};
use nats_rpc::raw::{Body, Call, ReplyBody};
use nats_rpc::server::{Handle, Mount, RpcService};
use nats_rpc::{Channel, Connection, Server, Status};
use prost::Message;
use tokio::sync::Semaphore;
use tower::ServiceExt;
use tower::layer::layer_fn;

use super::lossy::{Attempt, Losses};

/// A service of several instances that remember calls in one bucket.
#[derive(Clone)]
pub(super) struct Service {
    /// How often a handler began.
    pub(super) runs: Count,
    numbers: Arc<AtomicUsize>,
    /// What handlers of calls that are to wait take before they end.
    pub(super) go: Arc<Semaphore>,
    pub(super) losses: Losses,
    pub(super) lease: Duration,
}

impl Service {
    pub(super) fn new(losses: Losses) -> Self {
        // So long that no machine is too slow for it.
        Self {
            runs: Count::new(),
            numbers: Arc::default(),
            go: Arc::new(Semaphore::new(0)),
            losses,
            lease: LONG * 2,
        }
    }

    /// Starts an instance, whose handler answers with its name and the number of its run.
    pub(super) async fn start(&self, connection: Connection, name: &'static str) -> Handle {
        let (runs, numbers, go) = (self.runs.clone(), Arc::clone(&self.numbers), Arc::clone(&self.go));
        let handler = probe(move |request| {
            let go = Arc::clone(&go);
            runs.add();
            let text = format!("{name} {}", numbers.fetch_add(1, Ordering::SeqCst) + 1);
            async move {
                if request.get_ref().text == "wait" {
                    go.acquire().await.unwrap().forget();
                }
                Ok(answer(text))
            }
        });
        let store = KvStore::new(connection.clone(), "calls");
        let losses = self.losses.clone();
        let mount = Mount::new(handler)
            .layer(IdempotencyLayer::new(store).with_lease(self.lease))
            .layer(layer_fn(move |inner| losses.around(inner)));
        Server::builder().add_service(mount).start(connection).await.unwrap()
    }

    /// Three instances, each on a connection of its own.
    pub(super) async fn three(&self, world: &World) -> [Handle; 3] {
        [
            self.start(world.connect().await, "one").await,
            self.start(world.connect().await, "two").await,
            self.start(world.connect().await, "three").await,
        ]
    }
}

/// One attempt at a call, at one instance or at any.
pub(super) fn attempt(
    channel: &Channel,
    (id, number): Attempt,
    text: &str,
    instance: Option<&Handle>,
) -> impl Future<Output = Result<String, Status>> + Send + 'static {
    let method = <ProbeServer<Scripted> as RpcService>::SPEC.method(2);
    let mut call = Call::new(method, Body::Unary(question(text).encode_to_vec().into()))
        .with_call_id(NonZeroU128::new(id).unwrap())
        .with_timeout(LONG);
    *call.context_mut() = call.context().clone().with_attempt(number);
    if let Some(instance) = instance {
        call = call.with_instance(instance.instance());
    }
    let channel = channel.clone();
    async move {
        let (_, body) = channel.oneshot(call).await?.into_parts();
        let ReplyBody::Unary { message, .. } = body else { panic!("a stream") };
        Ok(Answer::decode(message).unwrap().text)
    }
}

/// An attempt at one instance whose reply is lost.
pub(super) async fn lose(service: &Service, channel: &Channel, of: Attempt, text: &str, at: &Handle) {
    tokio::select! {
        outcome = attempt(channel, of, text, Some(at)) => panic!("not lost: {outcome:?}"),
        () = service.losses.of_attempt(of) => {}
    }
}
