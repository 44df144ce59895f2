use std::future::ready;

use bytes::Bytes;
use tower::limit::ConcurrencyLimit;
use tower::{Service, ServiceBuilder, ServiceExt, service_fn};

use super::GateLayer;
use crate::metadata::Metadata;
use crate::raw::{Body, Call, Reply, ReplyBody};
use crate::spec::{Kind, Method};
use crate::status::Status;

/// Answers with the metadata of its calls.
fn mirror() -> impl Service<Call, Response = Reply, Error = Status, Future: Send> + Clone + Send {
    service_fn(|call: Call| {
        let body = ReplyBody::Unary { message: Bytes::new(), trailers: Metadata::new() };
        ready(Ok(Reply::new(call.metadata().clone(), body)))
    })
}

fn call() -> Call {
    Call::new(Method::dynamic("a.S", "Do", Kind::Unary), Body::Unary(Bytes::new()))
}

#[tokio::test]
async fn a_call_goes_on_as_its_gate_returns_it() {
    let stamp = |mut call: Call| async move {
        tokio::task::yield_now().await;
        call.metadata_mut().insert("x-stamp", "seen")?;
        Ok(call)
    };
    let service = ServiceBuilder::new().layer(GateLayer::new(stamp)).service(mirror());
    let reply = service.oneshot(call()).await.unwrap();
    assert_eq!(reply.metadata().get("x-stamp"), Some("seen"));
}

/// The one that was waited for takes the call: a clone of it might not be ready.
#[tokio::test]
async fn what_was_ready_takes_the_call() {
    let limited = ConcurrencyLimit::new(mirror(), 1);
    let mut service = ServiceBuilder::new()
        .layer(GateLayer::new(|call: Call| ready(Ok::<_, Status>(call))))
        .service(limited);
    for _ in 0..3 {
        let reply = service.ready().await.unwrap().call(call());
        assert!(reply.await.is_ok());
    }
}

#[tokio::test]
async fn the_status_of_a_gate_ends_a_call() {
    let closed = |_: Call| ready(Err::<Call, _>(Status::failed_precondition("closed")));
    let service = ServiceBuilder::new().layer(GateLayer::new(closed)).service(mirror());
    assert_eq!(service.oneshot(call()).await.unwrap_err().message(), "closed");
}
