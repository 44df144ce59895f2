use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;
use prost::Message;

use super::{HandlerFuture, handle_server_streaming, handle_unary, unimplemented};
use crate::call::{Context, Request, Response, Streaming};
use crate::codec::Prost;
use crate::layer::CallPolicy;
use crate::raw::{Body, Call, ReplyBody};
use crate::spec::{HedgeSpec, Kind, Method};
use crate::status::{Code, Status};

type Text = String;

fn call(body: Body, timeout: Duration) -> Call {
    let mut call = Call::new(Method::dynamic("test.Test", "Test", Kind::Unary), body).with_timeout(timeout);
    call.start(None, tokio::time::Instant::now());
    call
}

fn handle<F, Fut>(body: Bytes, handler: F) -> HandlerFuture
where
    F: FnOnce(Request<Text>) -> Fut + Send + 'static,
    Fut: Future<Output = Result<Response<Text>, Status>> + Send + 'static,
{
    handle_unary::<Prost, _, _, _, _>(call(Body::Unary(body), Duration::from_secs(5)), handler)
}

fn encoded(text: &str) -> Bytes {
    text.to_owned().encode_to_vec().into()
}

#[tokio::test]
async fn a_message_goes_in_and_another_comes_out() {
    let reply = handle(encoded("Ada"), |request| async move {
        let mut response = Response::new(format!("hello {}", request.get_ref()));
        response.trailers_mut().insert("x-done", "yes")?;
        Ok(response)
    });
    let (_, ReplyBody::Unary { message, trailers }) = reply.await.unwrap().into_parts() else { panic!() };
    assert_eq!(Text::decode(message).unwrap(), "hello Ada");
    assert_eq!(trailers.get("x-done"), Some("yes"));
}

#[tokio::test(start_paused = true)]
async fn the_deadline_ends_the_handler_and_is_inherited() {
    let outcome = handle(encoded(""), |request| async move {
        assert_eq!(request.context().time_remaining(), Some(Duration::from_secs(5)));
        assert_eq!(Context::current(), *request.context());
        std::future::pending().await
    });
    let started = tokio::time::Instant::now();
    assert_eq!(outcome.await.unwrap_err().code(), Code::DeadlineExceeded);
    assert_eq!(started.elapsed(), Duration::from_secs(5));
}

#[tokio::test]
async fn a_request_does_not_pass_on_what_its_call_says_of_attempts() {
    let mut call = call(Body::Unary(encoded("Ada")), Duration::from_secs(5));
    call.extensions_mut().insert(CallPolicy::new().with_hedge(HedgeSpec::new()));
    call.extensions_mut().insert("of a layer");
    let handled = handle_unary::<Prost, Text, Text, _, _>(call, |request| async move {
        assert_eq!(request.extensions().get(), Some(&"of a layer"));
        assert_eq!(request.extensions().get::<CallPolicy>(), None);
        Ok("hello".to_owned().into())
    });
    handled.await.unwrap();
}

#[tokio::test]
async fn a_panic_is_unknown_and_keeps_its_text_to_itself() {
    for late in [false, true] {
        let outcome = handle(encoded(""), move |_| async move {
            if late {
                tokio::task::yield_now().await;
            }
            panic!("the password is hunter2")
        });
        let status = outcome.await.unwrap_err();
        assert_eq!((status.code(), status.message()), (Code::Unknown, "the handler panicked"));
    }
}

#[tokio::test]
async fn nothing_that_a_handler_says_is_of_a_call_that_was_not_processed() {
    let of_another = || Status::unavailable("of another call").with_not_processed();
    let outcome = handle(encoded(""), move |_| async move { Err(of_another()) });
    assert!(!outcome.await.unwrap_err().is_not_processed());

    let body = Body::Unary(encoded(""));
    let stream =
        handle_server_streaming::<Prost, Text, Text, _, _>(call(body, Duration::MAX), move |_| async move {
            Ok(Response::stream(futures_util::stream::iter([Err(of_another())])))
        });
    let (_, ReplyBody::Stream(mut events)) = stream.await.unwrap().into_parts() else { panic!() };
    assert!(!events.next().await.unwrap().unwrap_err().is_not_processed());
}

#[tokio::test]
async fn what_does_not_decode_never_reaches_the_handler() {
    let outcome = handle(Bytes::from_static(&[0xff]), |_| async { panic!("reached") });
    assert_eq!(outcome.await.unwrap_err().code(), Code::Internal);
}

#[tokio::test]
async fn a_stream_is_not_a_message() {
    let body = Body::Stream(Box::pin(futures_util::stream::empty()));
    let outcome = handle_unary::<Prost, Text, Text, _, _>(call(body, Duration::MAX), |_| async { panic!() });
    assert_eq!(outcome.await.unwrap_err().code(), Code::Unimplemented);
}

#[tokio::test]
async fn an_unknown_method_is_unimplemented() {
    let status = unimplemented(&call(Body::Unary(Bytes::new()), Duration::MAX)).await.unwrap_err();
    assert_eq!(status.to_string(), "UNIMPLEMENTED: /test.Test/Test is not implemented here");
}

#[test]
fn futures_can_be_sent() {
    fn send<T: Send>() {}
    send::<HandlerFuture>();
    send::<Streaming<Text>>();
}
