//! What a repeat gets when the first attempt is over.

use std::time::Duration;

use super::scene::{Runs, call, counting, pay, run_of, said, send};
use crate::layer::idempotency::{IdempotencyLayer, MemoryStore};
use crate::raw::{Body, Reply, ReplyBody};
use crate::status::{Code, CodeSet, Pushback, Reason, Status};

#[tokio::test]
async fn a_repeat_gets_the_first_reply() {
    let runs = Runs::default();
    let instance = counting(&runs);
    for _ in 0..3 {
        assert_eq!(run_of(send(&instance, pay(7)).await), 1);
    }
    assert_eq!(run_of(send(&instance, pay(8)).await), 2);
    assert_eq!(run_of(send(&instance, pay(7)).await), 1);
    assert_eq!(runs.count(), 2);
}

#[tokio::test]
async fn what_is_not_declared_or_has_no_id_passes() {
    let runs = Runs::default();
    let instance = counting(&runs);
    let id = pay(7).call_id().unwrap();
    for method in 1..=3 {
        let again = || send(&instance, call(method, "x").with_call_id(id));
        assert_ne!(run_of(again().await), run_of(again().await));
    }
    assert_ne!(run_of(send(&instance, call(0, "x")).await), run_of(send(&instance, call(0, "x")).await));
    let stream = || pay(7).with_body(Body::Stream(Box::pin(futures_util::stream::empty())));
    assert_ne!(run_of(send(&instance, stream()).await), run_of(send(&instance, stream()).await));
    assert_eq!(runs.count(), 10);
}

#[tokio::test]
async fn callers_are_told_apart() {
    let runs = Runs::default();
    let layer = IdempotencyLayer::new(MemoryStore::new())
        .with_caller(|call| call.metadata().get("x-user").map(str::to_owned));
    let instance = runs.instance(&layer, |run| Box::pin(async move { said(run) }));
    let of = |user: Option<&'static str>| {
        let mut call = pay(7);
        if let Some(user) = user {
            call.metadata_mut().insert("x-user", user).unwrap();
        }
        send(&instance, call)
    };
    for _ in 0..2 {
        assert_eq!(run_of(of(Some("ada")).await), 1);
        assert_eq!(run_of(of(Some("bob")).await), 2);
        assert_eq!(run_of(of(None).await), 3);
    }
}

#[tokio::test]
async fn another_request_with_the_same_id_is_refused() {
    let runs = Runs::default();
    let instance = counting(&runs);
    assert_eq!(run_of(send(&instance, pay(7)).await), 1);
    let forged = pay(7).with_body(Body::Unary("100 to Eve".into()));
    let status = send(&instance, forged).await.unwrap_err();
    assert_eq!((status.code(), status.reason()), (Code::Internal, Some(Reason::Protocol)));
    assert_eq!(status.pushback(), Some(Pushback::Never));
    assert!(!status.message().contains("Ada"));
    assert_eq!(run_of(send(&instance, pay(7)).await), 1);
    assert_eq!(runs.count(), 1);
}

#[tokio::test]
async fn an_error_is_remembered_if_it_is_the_last_word() {
    let remembered = [3, 5, 6, 7, 9, 11, 12, 15, 16].map(Code::from_number);
    for code in (1..=16).map(Code::from_number) {
        let runs = Runs::default();
        let instance = runs.instance(&IdempotencyLayer::new(MemoryStore::new()), move |run| {
            Box::pin(async move {
                let mut status = Status::new(code, format!("run {run}"));
                status.metadata_mut().insert("x-run", run.to_string())?;
                Err(status)
            })
        });
        let first = send(&instance, pay(7)).await.unwrap_err();
        let again = send(&instance, pay(7)).await.unwrap_err();
        assert_eq!((first.code(), again.code()), (code, code));
        let expected = if remembered.contains(&code) { "1" } else { "2" };
        assert_eq!(again.metadata().get("x-run"), Some(expected), "{code}");
        assert_eq!(again.message(), format!("run {expected}"));
    }
}

#[tokio::test]
async fn an_error_that_asks_for_a_repeat_or_never_ran_is_not() {
    let statuses = [
        Status::failed_precondition("not yet").with_retry_after(Duration::from_secs(1)),
        Status::permission_denied("turned away by a layer").with_not_processed(),
    ];
    for status in statuses {
        let runs = Runs::default();
        let layer = IdempotencyLayer::new(MemoryStore::new());
        let instance = runs.instance(&layer, move |run| {
            let status = status.clone();
            Box::pin(async move { if run == 1 { Err(status) } else { said(run) } })
        });
        send(&instance, pay(7)).await.unwrap_err();
        assert_eq!(run_of(send(&instance, pay(7)).await), 2);
        assert_eq!(run_of(send(&instance, pay(7)).await), 2);
    }
}

#[tokio::test]
async fn which_errors_are_remembered_can_be_said() {
    let runs = Runs::default();
    let layer =
        IdempotencyLayer::new(MemoryStore::new()).with_remembered_errors(CodeSet::of(&[Code::Aborted]));
    let instance = runs.instance(&layer, |run| {
        let code = if run == 1 { Code::NotFound } else { Code::Aborted };
        Box::pin(async move { Err(Status::new(code, run.to_string())) })
    });
    for expected in ["1", "2", "2"] {
        assert_eq!(send(&instance, pay(7)).await.unwrap_err().message(), expected);
    }
}

#[tokio::test]
async fn a_panic_lets_the_call_run_again() {
    let runs = Runs::default();
    let instance = runs.instance(&IdempotencyLayer::new(MemoryStore::new()), |run| {
        Box::pin(async move {
            assert_ne!(run, 1, "the password is hunter2");
            said(run)
        })
    });
    let status = send(&instance, pay(7)).await.unwrap_err();
    assert_eq!((status.code(), status.reason()), (Code::Unknown, Some(Reason::Panic)));
    assert!(!status.message().contains("hunter2"));
    assert_eq!(run_of(send(&instance, pay(7)).await), 2);
}

#[tokio::test]
async fn a_result_that_is_too_large_is_not_run_twice() {
    let runs = Runs::default();
    let layer = IdempotencyLayer::new(MemoryStore::new().with_max_value(1000));
    let instance = runs.instance(&layer, |_| {
        let body = ReplyBody::Unary { message: vec![7; 1000].into(), trailers: Default::default() };
        Box::pin(async move { Ok(Reply::new(Default::default(), body)) })
    });
    send(&instance, pay(7)).await.unwrap();
    for _ in 0..2 {
        let status = send(&instance, pay(7)).await.unwrap_err();
        assert_eq!((status.code(), status.pushback()), (Code::ResourceExhausted, Some(Pushback::Never)));
        assert!(status.message().contains("over the limit of 1000"), "{status}");
    }
    assert_eq!(runs.count(), 1);
}

#[tokio::test]
async fn a_stream_where_one_response_is_due_is_an_error() {
    let runs = Runs::default();
    let instance = runs.instance(&IdempotencyLayer::new(MemoryStore::new()), |_| {
        let body = ReplyBody::Stream(Box::pin(futures_util::stream::empty()));
        Box::pin(async move { Ok(Reply::new(Default::default(), body)) })
    });
    assert_eq!(send(&instance, pay(7)).await.unwrap_err().code(), Code::Unimplemented);
}

#[tokio::test(start_paused = true)]
async fn a_call_is_forgotten_after_a_time() {
    let runs = Runs::default();
    let layer = IdempotencyLayer::new(MemoryStore::new().with_ttl(Duration::from_secs(60)));
    let instance = runs.instance(&layer, |run| Box::pin(async move { said(run) }));
    assert_eq!(run_of(send(&instance, pay(7)).await), 1);
    tokio::time::advance(Duration::from_secs(59)).await;
    assert_eq!(run_of(send(&instance, pay(7)).await), 1);
    tokio::time::advance(Duration::from_secs(2)).await;
    assert_eq!(run_of(send(&instance, pay(7)).await), 2);
}
