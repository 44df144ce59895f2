use std::convert::Infallible;
use std::future::{pending, ready};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use tokio::time::{Instant, advance};
use tower::{ServiceBuilder, ServiceExt, service_fn};

use super::DeadlineLayer;
use crate::call::{Context, Event, EventStream};
use crate::metadata::Metadata;
use crate::raw::{Body, Call, Reply, ReplyBody};
use crate::spec::{Kind, Method, Spec};
use crate::status::{Code, Reason, Status};

const SECOND: Duration = Duration::from_secs(1);

static BRIEF: Spec = Spec::new("a.S", "Brief", 0, Kind::Unary).with_timeout(Duration::from_secs(40));

fn call(kind: Kind) -> Call {
    Call::new(Method::dynamic("a.S", "Do", kind), Body::Unary(Bytes::new()))
}

fn within(mut call: Call, left: Duration) -> Call {
    let context = std::mem::take(call.context_mut());
    *call.context_mut() = context.with_deadline(Instant::now() + left);
    call
}

fn reply() -> Reply {
    Reply::new(Metadata::new(), ReplyBody::Unary { message: Bytes::new(), trailers: Metadata::new() })
}

/// How much time the service inside sees, if the layer lets the call pass.
async fn time_of(layer: &DeadlineLayer, call: Call) -> Result<Option<Duration>, Status> {
    let (tell, told) = tokio::sync::oneshot::channel();
    let tell = Arc::new(std::sync::Mutex::new(Some(tell)));
    let inner = service_fn(move |call: Call| {
        let tell = tell.lock().unwrap().take().expect("one call is made");
        tell.send(call.context().time_remaining()).unwrap();
        ready(Ok::<_, Infallible>(reply()))
    });
    ServiceBuilder::new().layer(layer).service(inner).oneshot(call).await?;
    Ok(told.await.unwrap())
}

#[tokio::test(start_paused = true)]
async fn a_client_gives_the_time_that_is_asked_for_or_the_methods_or_the_default() {
    let layer = DeadlineLayer::new();
    let none = Body::Unary(Bytes::new());
    let brief = Call::new(Method::from(&BRIEF), none);
    let longer = brief.try_clone().unwrap().with_timeout(SECOND * 90);
    for (call, given) in [
        (call(Kind::Unary), Some(SECOND * 10)),
        (call(Kind::Unary).with_timeout(SECOND * 3), Some(SECOND * 3)),
        (brief, Some(SECOND * 40)),
        (longer, Some(SECOND * 90)),
        (within(call(Kind::Unary), SECOND * 2), Some(SECOND * 2)),
        (within(call(Kind::Unary), SECOND * 99), Some(SECOND * 10)),
        (within(call(Kind::Unary).with_timeout(SECOND), SECOND * 2), Some(SECOND)),
        (call(Kind::ServerStreaming), None),
        (call(Kind::ServerStreaming).with_timeout(SECOND), Some(SECOND)),
        (call(Kind::Unary).with_timeout(Duration::MAX), None),
    ] {
        let shown = format!("{call:?}");
        assert_eq!(time_of(&layer, call).await.unwrap(), given, "{shown}");
    }
    let layer = DeadlineLayer::new().without_default();
    assert_eq!(time_of(&layer, call(Kind::Unary)).await.unwrap(), None);
}

#[tokio::test(start_paused = true)]
async fn a_server_gives_the_time_that_the_caller_gives() {
    let layer = DeadlineLayer::for_server();
    let brief = || Call::new(Method::from(&BRIEF), Body::Unary(Bytes::new()));
    assert_eq!(time_of(&layer, brief()).await.unwrap(), None);
    assert_eq!(time_of(&layer, within(brief(), SECOND * 400)).await.unwrap(), Some(SECOND * 400));
    let layer = layer.with_default(SECOND * 5);
    assert_eq!(time_of(&layer, brief()).await.unwrap(), Some(SECOND * 5));
    assert_eq!(time_of(&layer, within(brief(), SECOND * 400)).await.unwrap(), Some(SECOND * 400));
    assert_eq!(time_of(&layer, call(Kind::BidiStreaming)).await.unwrap(), None);
}

#[tokio::test(start_paused = true)]
async fn nobody_gets_more_than_the_maximum_but_streams_that_are_meant_to_last() {
    for layer in [DeadlineLayer::new(), DeadlineLayer::for_server()] {
        let layer = layer.without_default().with_maximum(SECOND * 3);
        for (call, given) in [
            (call(Kind::Unary), Some(SECOND * 3)),
            (within(call(Kind::Unary), SECOND * 60), Some(SECOND * 3)),
            (within(call(Kind::Unary), SECOND), Some(SECOND)),
            (within(call(Kind::ServerStreaming), SECOND * 60), Some(SECOND * 3)),
            (call(Kind::ServerStreaming), None),
        ] {
            let shown = format!("{call:?}");
            assert_eq!(time_of(&layer, call).await.unwrap(), given, "{shown}");
        }
    }
    let layer = DeadlineLayer::new().with_maximum(SECOND * 3);
    assert_eq!(time_of(&layer, call(Kind::Unary).with_timeout(SECOND * 60)).await.unwrap(), Some(SECOND * 3));
}

#[tokio::test(start_paused = true)]
async fn what_is_over_or_nearly_is_turned_away_before_the_handler() {
    for layer in [DeadlineLayer::new(), DeadlineLayer::for_server()] {
        let over = within(call(Kind::Unary), SECOND);
        advance(SECOND).await;
        let layer = layer.with_minimum(SECOND / 10);
        let hasty =
            call(Kind::Unary).with_context(Context::new().with_deadline(Instant::now() + SECOND / 11));
        for call in [over, hasty] {
            let handled = Arc::new(AtomicUsize::new(0));
            let counted = Arc::clone(&handled);
            let inner = service_fn(move |_: Call| {
                counted.fetch_add(1, Ordering::Relaxed);
                ready(Ok::<_, Infallible>(reply()))
            });
            let status = ServiceBuilder::new().layer(&layer).service(inner).oneshot(call).await.unwrap_err();
            assert_eq!((status.code(), status.reason()), (Code::DeadlineExceeded, Some(Reason::Expired)));
            assert!(status.is_not_processed());
            assert_eq!(handled.load(Ordering::Relaxed), 0);
        }
        assert_eq!(time_of(&layer, within(call(Kind::Unary), SECOND)).await.unwrap(), Some(SECOND));
    }
}

#[test]
#[should_panic(expected = "calls that need 2s at least can't be given 1s at most")]
fn limits_that_exclude_each_other_are_refused() {
    let _ = DeadlineLayer::new().with_minimum(SECOND * 2).with_maximum(SECOND);
}

/// Says when it is dropped.
struct Guard(Arc<AtomicUsize>);

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[tokio::test(start_paused = true)]
async fn what_hangs_is_given_up_when_its_time_is_over() {
    let dropped = Arc::new(AtomicUsize::new(0));
    let drops = Arc::clone(&dropped);
    let inner = service_fn(move |_: Call| {
        let guard = Guard(Arc::clone(&drops));
        async move {
            let _guard = guard;
            pending::<Result<Reply, Status>>().await
        }
    });
    let service = ServiceBuilder::new().layer(DeadlineLayer::new()).service(inner);
    let start = Instant::now();
    let mut future = std::pin::pin!(service.oneshot(call(Kind::Unary).with_timeout(SECOND * 3)));
    let status = future.as_mut().await.unwrap_err();
    assert_eq!((status.code(), status.reason()), (Code::DeadlineExceeded, Some(Reason::Deadline)));
    assert!(!status.is_not_processed());
    assert_eq!(start.elapsed(), SECOND * 3);
    assert_eq!(dropped.load(Ordering::Relaxed), 1, "though the future is there yet");
}

#[tokio::test(start_paused = true)]
async fn a_service_that_is_trusted_is_not_watched() {
    let inner = service_fn(|call: Call| async move {
        tokio::time::sleep_until(call.context().deadline().unwrap() + SECOND).await;
        Ok::<_, Infallible>(reply())
    });
    let service = ServiceBuilder::new().layer(DeadlineLayer::new().trusting()).service(inner);
    service.oneshot(call(Kind::Unary)).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn below_what_makes_attempts_a_maximum_is_the_time_of_one() {
    let hangs = service_fn(|_: Call| pending::<Result<Reply, Infallible>>());
    let attempt = ServiceBuilder::new().layer(DeadlineLayer::new().with_maximum(SECOND)).service(hangs);
    let twice = service_fn(move |call: Call| {
        let attempt = attempt.clone();
        async move {
            let again = call.try_clone().unwrap();
            assert_eq!(attempt.clone().oneshot(call).await.unwrap_err().code(), Code::DeadlineExceeded);
            attempt.oneshot(again).await
        }
    });
    let service = ServiceBuilder::new().layer(DeadlineLayer::new()).service(twice);
    let start = Instant::now();
    service.clone().oneshot(call(Kind::Unary)).await.unwrap_err();
    assert_eq!(start.elapsed(), SECOND * 2, "of 10");
    service.oneshot(call(Kind::Unary).with_timeout(SECOND * 3 / 2)).await.unwrap_err();
    assert_eq!(start.elapsed(), SECOND * 7 / 2, "the call's own deadline holds");
}

#[tokio::test(start_paused = true)]
async fn a_stream_of_responses_ends_at_the_deadline() {
    let event = || Ok(Event::Message(Bytes::from_static(b"x")));
    let ticking = stream::repeat_with(event).then(|event| async {
        tokio::time::sleep(SECOND).await;
        event
    });
    let ready_all_the_time = stream::repeat_with(event);
    let silent = stream::pending();
    let streams: [EventStream; 3] = [Box::pin(ticking), Box::pin(ready_all_the_time), Box::pin(silent)];
    for (stream, least) in streams.into_iter().zip([3, 100, 0]) {
        let stream = std::sync::Mutex::new(Some(stream));
        let inner = service_fn(move |_: Call| {
            let stream = stream.lock().unwrap().take().unwrap();
            ready(Ok::<_, Infallible>(Reply::new(Metadata::new(), ReplyBody::Stream(stream))))
        });
        let call = call(Kind::ServerStreaming).with_timeout(SECOND * 7 / 2);
        let service = ServiceBuilder::new().layer(DeadlineLayer::new()).service(inner);
        let start = Instant::now();
        let (_, body) = service.oneshot(call).await.unwrap().into_parts();
        let ReplyBody::Stream(mut events) = body else { panic!("it is a stream") };
        let mut count = 0;
        let status = loop {
            match events.next().await.expect("it ends with an error") {
                Ok(_) => count += 1,
                Err(status) => break status,
            }
            if count == 100 {
                advance(SECOND * 4).await;
            }
        };
        assert_eq!((status.code(), status.reason()), (Code::DeadlineExceeded, Some(Reason::Deadline)));
        assert!(start.elapsed() >= SECOND * 7 / 2 && count == least, "{count} {:?}", start.elapsed());
        assert!(events.next().await.is_none());
    }
}
