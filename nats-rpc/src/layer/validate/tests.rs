use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use futures_util::stream;

use super::checks::{Checks, checked, checked_stream};
use super::{ValidateLayer, Violations};
use crate::call::Streaming;
use crate::layer::Gate;
use crate::raw::{Body, Call};
use crate::spec::{Kind, Method};
use crate::status::details::BadRequest;
use crate::status::{Code, Status};

fn positive(number: &i32) -> Result<(), Status> {
    let mut violations = Violations::new();
    violations.require(*number > 0, "number", "is not positive");
    violations.into_result()
}

async fn through(layers: &[ValidateLayer]) -> Call {
    let mut call = Call::new(Method::dynamic("a.S", "Do", Kind::Unary), Body::Unary(bytes::Bytes::new()));
    for layer in layers {
        call = layer.pass(call).await.unwrap();
    }
    call
}

#[tokio::test]
async fn messages_of_a_type_are_checked_and_others_are_not() {
    let call = through(&[ValidateLayer::new().check(positive)]).await;
    assert_eq!(checked(call.extensions(), 1_i32).unwrap(), 1);
    assert_eq!(checked(call.extensions(), -1_i64).unwrap(), -1);
    let status = checked(call.extensions(), -1_i32).unwrap_err();
    assert_eq!(status.to_string(), "INVALID_ARGUMENT: number is not positive");
    assert_eq!(status.detail(), Some(BadRequest::violation("number", "is not positive")));
    assert_eq!(checked(through(&[]).await.extensions(), -1_i32).unwrap(), -1);
}

#[tokio::test]
async fn the_checks_of_all_layers_run_the_outermost_first() {
    let order = Arc::new(AtomicU32::new(0));
    let next = |expected: u32| {
        let order = Arc::clone(&order);
        move |_: &i32| {
            assert_eq!(order.fetch_add(1, Ordering::Relaxed), expected);
            Ok(())
        }
    };
    let inner = ValidateLayer::new().check(next(2)).check(positive);
    let outer = ValidateLayer::new().check(next(0)).check(next(1));
    let call = through(&[outer, inner]).await;
    assert_eq!(checked(call.extensions(), 0_i32).unwrap_err().code(), Code::InvalidArgument);
    assert_eq!(order.load(Ordering::Relaxed), 3);
    assert_eq!(format!("{:?}", call.extensions().get::<Checks>().unwrap()), "4 checks");
}

#[tokio::test]
async fn each_message_of_a_stream_is_checked() {
    let call = through(&[ValidateLayer::new().check(positive)]).await;
    let numbers = Streaming::new(stream::iter([Ok(2), Ok(1), Ok(0), Ok(3)]));
    let mut numbers = checked_stream(call.extensions(), numbers);
    assert_eq!(numbers.message().await.unwrap(), Some(2));
    assert_eq!(numbers.message().await.unwrap(), Some(1));
    assert_eq!(numbers.message().await.unwrap_err().code(), Code::InvalidArgument);
    assert_eq!(numbers.message().await.unwrap(), None);
}
