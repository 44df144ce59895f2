//! A service that counts how often it runs, and calls of it.

use std::future::Future;
use std::num::NonZeroU128;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use tokio::time::{Instant, sleep};
use tower::Layer;
use tower::util::BoxCloneSyncService;
use tower_service::Service;

use crate::layer::idempotency::{
    IdempotencyLayer, IdempotencyService, MemoryStore, Store, StoreFuture, Stored,
};
use crate::metadata::Metadata;
use crate::raw::{Body, Call, Reply, ReplyBody};
use crate::spec::{Idempotency, Kind, ServiceSpec, Spec};
use crate::status::Status;

pub(super) type Answer = Result<Reply, Status>;
pub(super) type Answering = Pin<Box<dyn Future<Output = Answer> + Send>>;
pub(super) type Instance = IdempotencyService<BoxCloneSyncService<Call, Reply, Status>>;

static BANK: ServiceSpec = ServiceSpec::new(
    "bank.v1.Bank",
    &[
        Spec::new("bank.v1.Bank", "Pay", 0, Kind::Unary).with_idempotency(Idempotency::Idempotent),
        Spec::new("bank.v1.Bank", "Look", 1, Kind::Unary).with_idempotency(Idempotency::NoSideEffects),
        Spec::new("bank.v1.Bank", "Lend", 2, Kind::Unary),
        Spec::new("bank.v1.Bank", "Watch", 3, Kind::ServerStreaming)
            .with_idempotency(Idempotency::Idempotent),
    ],
);

/// How often handlers ran.
#[derive(Clone, Default)]
pub(super) struct Runs(Arc<AtomicUsize>);

impl Runs {
    pub(super) fn count(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }

    /// An instance whose handler is given the number of its run, from 1.
    pub(super) fn instance(
        &self,
        layer: &IdempotencyLayer,
        handler: impl Fn(usize) -> Answering + Send + Sync + Clone + 'static,
    ) -> Instance {
        let runs = self.clone();
        layer.layer(BoxCloneSyncService::new(tower::service_fn(move |_: Call| {
            handler(runs.0.fetch_add(1, Ordering::SeqCst) + 1)
        })))
    }
}

/// One whose handler answers with the number of its run.
pub(super) fn counting(runs: &Runs) -> Instance {
    runs.instance(&IdempotencyLayer::new(MemoryStore::new()), |run| Box::pin(async move { said(run) }))
}

/// An answer after some time.
pub(super) fn after(time: Duration) -> impl Fn(usize) -> Answering + Clone {
    move |run| {
        Box::pin(async move {
            sleep(time).await;
            said(run)
        })
    }
}

pub(super) fn said(run: usize) -> Answer {
    let (mut head, mut trailers) = (Metadata::new(), Metadata::new());
    head.insert("x-head", run.to_string()).unwrap();
    trailers.insert("x-trailer", run.to_string()).unwrap();
    Ok(Reply::new(head, ReplyBody::Unary { message: format!("run {run}").into(), trailers }))
}

/// The number of the run whose answer it is; all of the answer has to be of that one.
pub(super) fn run_of(answer: Answer) -> usize {
    let (head, body) = answer.unwrap().into_parts();
    let ReplyBody::Unary { message, trailers } = body else { panic!("a stream") };
    let run = head.get("x-head").unwrap();
    assert_eq!(trailers.get("x-trailer"), Some(run));
    assert_eq!(message, format!("run {run}"));
    run.parse().unwrap()
}

pub(super) fn call(method: usize, request: &'static str) -> Call {
    Call::new(BANK.method(method), Body::Unary(request.into()))
}

/// A call with effects that may be repeated.
pub(super) fn pay(id: u128) -> Call {
    call(0, "100 to Ada").with_call_id(NonZeroU128::new(id).unwrap())
}

pub(super) fn within(call: Call, timeout: Duration) -> Call {
    let context = call.context().clone().with_deadline(Instant::now() + timeout);
    call.with_context(context)
}

pub(super) fn send(instance: &Instance, call: Call) -> impl Future<Output = Answer> + Send + 'static {
    instance.clone().call(call)
}

/// A store that fails or is slow when told to.
#[derive(Default)]
pub(super) struct Faulty {
    inner: MemoryStore,
    down: AtomicBool,
    replaces_slowly: AtomicBool,
}

impl Faulty {
    pub(super) fn new() -> Arc<Self> {
        Arc::default()
    }

    pub(super) fn set_down(&self, down: bool) {
        self.down.store(down, Ordering::SeqCst);
    }

    pub(super) fn replace_slowly(&self) {
        self.replaces_slowly.store(true, Ordering::SeqCst);
    }

    fn check(&self) -> Result<(), Status> {
        if self.down.load(Ordering::SeqCst) { Err(Status::unknown("no disk")) } else { Ok(()) }
    }
}

impl Store for Faulty {
    fn create<'a>(&'a self, key: &'a str, value: Bytes) -> StoreFuture<'a, Option<u64>> {
        Box::pin(async move {
            self.check()?;
            self.inner.create(key, value).await
        })
    }

    fn read<'a>(&'a self, key: &'a str) -> StoreFuture<'a, Option<Stored>> {
        Box::pin(async move {
            self.check()?;
            self.inner.read(key).await
        })
    }

    fn replace<'a>(&'a self, key: &'a str, value: Bytes, revision: u64) -> StoreFuture<'a, Option<u64>> {
        Box::pin(async move {
            self.check()?;
            let way = Duration::from_millis(if self.replaces_slowly.load(Ordering::SeqCst) { 50 } else { 0 });
            sleep(way).await;
            let replaced = self.inner.replace(key, value, revision).await;
            sleep(way).await;
            replaced
        })
    }

    fn remove<'a>(&'a self, key: &'a str, revision: u64) -> StoreFuture<'a, bool> {
        Box::pin(async move {
            self.check()?;
            self.inner.remove(key, revision).await
        })
    }

    fn max_value(&self) -> usize {
        self.inner.max_value()
    }
}
