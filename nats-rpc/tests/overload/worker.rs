use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures_util::{FutureExt, StreamExt, stream};
use nats_rpc::call::Event;
use nats_rpc::codegen::{HandlerFuture, Service};
use nats_rpc::raw::{Call, Reply, ReplyBody};
use nats_rpc::server::RpcService;
use nats_rpc::{Kind, Metadata, ServiceSpec, Spec, Status};
use tokio::sync::Semaphore;

pub(crate) static WORKER: ServiceSpec = ServiceSpec::new(
    "test.Worker",
    &[
        Spec::new("test.Worker", "Work", 0, Kind::Unary),
        Spec::new("test.Worker", "Hang", 1, Kind::Unary),
        Spec::new("test.Worker", "Watch", 2, Kind::ServerStreaming),
    ],
);

/// Takes as long as the worker says.
pub(crate) const WORK: usize = 0;
/// Takes until it is let go.
pub(crate) const HANG: usize = 1;
/// A stream of one message that ends when it is let go.
pub(crate) const WATCH: usize = 2;

/// Does what its methods say, and counts how often it is asked to.
#[derive(Clone)]
pub(crate) struct Worker(Arc<Inner>);

struct Inner {
    takes: Duration,
    started: AtomicUsize,
    go: Semaphore,
}

impl Worker {
    pub(crate) fn new(takes: Duration) -> Self {
        Self(Arc::new(Inner { takes, started: AtomicUsize::new(0), go: Semaphore::new(0) }))
    }

    /// How often it has begun to do something.
    pub(crate) fn started(&self) -> usize {
        self.0.started.load(Ordering::SeqCst)
    }

    /// Lets so many go that hang or are watched.
    pub(crate) fn let_go(&self, calls: usize) {
        self.0.go.add_permits(calls);
    }
}

impl Inner {
    async fn wait(&self) {
        self.go.acquire().await.expect("it is never closed").forget();
    }
}

impl Service<Call> for Worker {
    type Response = Reply;
    type Error = Status;
    type Future = HandlerFuture;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Status>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, call: Call) -> HandlerFuture {
        let inner = Arc::clone(&self.0);
        Box::pin(async move {
            inner.started.fetch_add(1, Ordering::SeqCst);
            let body = match call.method().name() {
                "Work" => {
                    tokio::time::sleep(inner.takes).await;
                    done()
                }
                "Hang" => {
                    inner.wait().await;
                    done()
                }
                _ => {
                    let first = stream::once(async { Ok(Event::Message(Bytes::from_static(b"first"))) });
                    let last = async move {
                        inner.wait().await;
                        Ok(Event::Trailers(Metadata::new()))
                    };
                    ReplyBody::Stream(Box::pin(first.chain(last.into_stream())))
                }
            };
            Ok(Reply::new(Metadata::new(), body))
        })
    }
}

fn done() -> ReplyBody {
    ReplyBody::Unary { message: Bytes::from_static(b"done"), trailers: Metadata::new() }
}

impl RpcService for Worker {
    const SPEC: &'static ServiceSpec = &WORKER;
}
