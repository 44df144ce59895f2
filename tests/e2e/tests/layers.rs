//! tower layers around clients and services.

use std::fmt;
use std::future::{Future, pending, ready};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use e2e::{Count, LONG, ProbeClient, World, answer, on_both, probe, question};
use futures_util::future::join_all;
use nats_rpc::details::RetryInfo;
use nats_rpc::raw::{Call, Reply};
use nats_rpc::server::{Handle, Mount, Route};
use nats_rpc::{Code, Status};
use tokio::sync::Semaphore;
use tower::limit::ConcurrencyLimitLayer;
use tower::load_shed::LoadShedLayer;
use tower::timeout::TimeoutLayer;
use tower::{BoxError, Service, ServiceBuilder, layer::layer_fn};

/// Counts calls, and lets none pass of those whose metadata says so.
#[derive(Clone)]
struct Doorkeeper {
    inner: Route,
    seen: Count,
}

#[derive(Debug)]
struct Foreign(Option<Status>);

impl fmt::Display for Foreign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not today")
    }
}

impl std::error::Error for Foreign {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.as_ref().map(|status| status as _)
    }
}

impl Service<Call> for Doorkeeper {
    type Response = Reply;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Reply, BoxError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, call: Call) -> Self::Future {
        self.seen.add();
        assert_eq!(call.method().to_string(), "/e2e.v1.Probe/Ask");
        let status =
            || Status::permission_denied("no entry").with_detail(&RetryInfo::after(Duration::from_secs(7)));
        let refused: BoxError = match call.metadata().get("x-door") {
            Some("foreign") => Foreign(None).into(),
            Some("status") => status().into(),
            Some("status inside") => Foreign(Some(status())).into(),
            Some("panic") => panic!("a secret"),
            _ => {
                let passed = self.inner.call(call);
                return Box::pin(async move { Ok(passed.await?) });
            }
        };
        Box::pin(ready(Err(refused)))
    }
}

async fn with_doorkeeper(world: &World) -> (Count, Count, ProbeClient, Handle) {
    let (seen, handled) = (Count::new(), Count::new());
    let (sees, handles) = (seen.clone(), handled.clone());
    let service = probe(move |_| {
        handles.add();
        async { Ok(answer("inside")) }
    });
    let mount = Mount::new(service).layer(layer_fn(move |inner| Doorkeeper { inner, seen: sees.clone() }));
    let server = world.serve(mount).await;
    (seen, handled, world.client().await, server)
}

on_both! {
    a_layer_of_a_service_sees_every_call,
    a_layer_of_a_service_may_refuse,
    a_layer_of_a_service_may_panic,
    the_layer_added_last_sees_calls_first,
    a_timeout_around_a_channel,
    a_limit_around_a_channel,
    shed_load_is_resource_exhausted,
}

async fn a_layer_of_a_service_sees_every_call(world: World) {
    let (seen, handled, client, _server) = with_doorkeeper(&world).await;
    for _ in 0..10 {
        assert_eq!(client.ask(question("")).await.unwrap().into_inner().text, "inside");
    }
    assert_eq!((seen.get(), handled.get()), (10, 10));
}

async fn a_layer_of_a_service_may_refuse(world: World) {
    let (seen, handled, client, _server) = with_doorkeeper(&world).await;
    let status = client.ask(question("")).metadata("x-door", "foreign").await.unwrap_err();
    assert_eq!(status.to_string(), "UNKNOWN: not today");
    for kind in ["status", "status inside"] {
        let status = client.ask(question("")).metadata("x-door", kind).await.unwrap_err();
        assert_eq!(status.to_string(), "PERMISSION_DENIED: no entry", "{kind}");
        assert_eq!(status.detail(), Some(RetryInfo::after(Duration::from_secs(7))), "{kind}");
    }
    assert_eq!((seen.get(), handled.get()), (3, 0));
}

async fn a_layer_of_a_service_may_panic(world: World) {
    let (_, _, client, _server) = with_doorkeeper(&world).await;
    let status = client.ask(question("")).metadata("x-door", "panic").timeout(LONG / 3).await.unwrap_err();
    assert_eq!(status.code(), Code::Unknown, "{status}");
    assert!(!status.message().contains("secret"), "{status}");
    assert_eq!(client.ask(question("")).await.unwrap().into_inner().text, "inside");
}

async fn the_layer_added_last_sees_calls_first(world: World) {
    let mark = |name: &'static str| {
        layer_fn(move |inner: Route| {
            tower::util::MapRequest::new(inner, move |mut call: Call| {
                call.metadata_mut().append("x-way", name).unwrap();
                call
            })
        })
    };
    let service = probe(|request| async move {
        Ok(answer(request.metadata().get_all("x-way").collect::<Vec<_>>().join(" ")))
    });
    let _server = world.serve(Mount::new(service).layer(mark("inner")).layer(mark("outer"))).await;
    assert_eq!(world.client().await.ask(question("")).await.unwrap().into_inner().text, "outer inner");
}

async fn a_timeout_around_a_channel(world: World) {
    let _server = world
        .serve(probe(|request| async move {
            if request.get_ref().text == "stay" {
                pending::<()>().await;
            }
            Ok(answer("here"))
        }))
        .await;
    let hasty = TimeoutLayer::new(Duration::from_millis(100));
    let client = ProbeClient::new(ServiceBuilder::new().layer(hasty).service(world.channel().await));
    let status = client.ask(question("stay")).await.unwrap_err();
    assert_eq!(status.code(), Code::DeadlineExceeded, "{status}");
    let patient = TimeoutLayer::new(LONG);
    let client = ProbeClient::new(ServiceBuilder::new().layer(patient).service(world.channel().await));
    assert_eq!(client.ask(question("")).await.unwrap().into_inner().text, "here");
}

async fn a_limit_around_a_channel(world: World) {
    let (now, most) = (Count::new(), Count::new());
    let (gone, highest) = (Count::new(), most.clone());
    let _server = world
        .serve(probe(move |_| {
            let (now, gone, most) = (now.clone(), gone.clone(), highest.clone());
            async move {
                let guard = gone.guard();
                now.add();
                let running = now.get().saturating_sub(gone.get());
                while most.get() < running {
                    most.add();
                }
                tokio::time::sleep(Duration::from_millis(1)).await;
                drop(guard);
                Ok(answer("here"))
            }
        }))
        .await;
    let limited = ServiceBuilder::new().layer(ConcurrencyLimitLayer::new(3)).service(world.channel().await);
    let client = ProbeClient::new(limited);
    for given in join_all((0..60).map(|_| client.ask(question("")).timeout(LONG))).await {
        assert_eq!(given.unwrap().into_inner().text, "here");
    }
    assert!((1..=3).contains(&most.get()), "{}", most.get());
}

async fn shed_load_is_resource_exhausted(world: World) {
    let (gate, started) = (Arc::new(Semaphore::new(0)), Count::new());
    let (handler_gate, starts) = (Arc::clone(&gate), started.clone());
    let _server = world
        .serve(probe(move |_| {
            let (gate, starts) = (Arc::clone(&handler_gate), starts.clone());
            async move {
                starts.add();
                let _ = gate.acquire().await;
                Ok(answer("here"))
            }
        }))
        .await;
    let layers = ServiceBuilder::new().layer(LoadShedLayer::new()).layer(ConcurrencyLimitLayer::new(1));
    let client = ProbeClient::new(layers.service(world.channel().await));
    let first = tokio::spawn(client.ask(question("")));
    started.reach(1).await;
    let status = client.ask(question("")).await.unwrap_err();
    assert_eq!(status.code(), Code::ResourceExhausted, "{status}");
    gate.add_permits(10);
    assert_eq!(first.await.unwrap().unwrap().into_inner().text, "here");
}
