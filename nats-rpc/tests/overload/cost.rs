//! What a call costs that is let in at once.

use std::future::Future;
use std::task::Poll;
use std::time::Duration;

use allocation_counter::measure;
use bytes::Bytes;
use nats_rpc::layer::{Limit, OverloadLayer};
use nats_rpc::raw::{Call, Reply, ReplyBody};
use nats_rpc::{Context, Metadata, Priority};
use tokio::time::Instant;
use tower::{BoxError, Layer, Service, service_fn};

use crate::worker::WORK;

#[tokio::test(start_paused = true)]
async fn a_call_that_is_let_in_allocates_nothing() {
    for layer in [
        OverloadLayer::new(),
        OverloadLayer::new().with_limit(Limit::gradient()),
        OverloadLayer::per_method(|_| Limit::fixed(8)),
    ] {
        let mut service = layer.layer(service_fn(|_: Call| async {
            let body = ReplyBody::Unary { message: Bytes::new(), trailers: Metadata::new() };
            Ok::<_, BoxError>(Reply::new(Metadata::new(), body))
        }));
        let context = Context::new().with_deadline(Instant::now() + Duration::from_secs(1));
        let call = || crate::call(WORK, Priority::Default).with_context(context.clone());
        // The first call of a method makes what the method has of its own.
        let mut pass = |call| {
            let mut calling = std::pin::pin!(service.call(call));
            let mut cx = std::task::Context::from_waker(futures_util::task::noop_waker_ref());
            assert!(matches!(calling.as_mut().poll(&mut cx), Poll::Ready(Ok(_))));
        };
        pass(call());
        let next = call();
        let used = measure(|| pass(next));
        assert_eq!(used.count_total, 0, "{layer:?}");
    }
}
