//! What a call costs that succeeds at once.

use allocation_counter::measure;
use bytes::Bytes;
use futures_util::FutureExt;
use nats_rpc::Status;
use nats_rpc::codegen::Service;
use nats_rpc::layer::RetryLayer;
use nats_rpc::raw::{Body, Call};
use tower::{Layer, service_fn};

use crate::script::{put, reply};

#[tokio::test]
async fn a_call_that_succeeds_allocates_nothing() {
    let answering = service_fn(|_: Call| std::future::ready(Ok::<_, Status>(reply())));
    let mut retry = RetryLayer::new().layer(answering);
    let mut call = || {
        let call = put().with_body(Body::Unary(Bytes::from_static(b"request")));
        let answered = retry.call(call).now_or_never();
        answered.is_some_and(|outcome| outcome.is_ok())
    };
    assert!(call(), "what there is once for each method is made");
    let mut succeeded = false;
    let allocated = measure(|| succeeded = call());
    assert!(succeeded);
    assert_eq!(allocated.count_total, 0, "{allocated:?}");
}
