//! Streams of responses: messages, metadata, trailers, errors.

use e2e::{Answer, TalkClient, listen, question};
use futures_util::{StreamExt, stream};
use nats_rpc::details::ErrorInfo;
use nats_rpc::{Code, Metadata, Response, Status, Streaming};

use super::{a, answers, texts};

fn metadata(value: &'static str) -> Metadata {
    let mut metadata = Metadata::new();
    metadata.insert("x-key", value).unwrap();
    metadata
}

#[tokio::test]
async fn messages_come_in_order_and_may_be_none_or_empty() {
    for all in [&["one", "two", "three"][..], &[], &["", "", ""]] {
        let client = TalkClient::new(listen(|_| async { Ok(Response::stream(answers(all))) }));
        let stream = client.listen(question("")).await.unwrap().into_inner();
        assert_eq!(texts(stream).await.unwrap(), all);
    }
}

#[tokio::test]
async fn metadata_comes_before_and_trailers_after() {
    let client = TalkClient::new(listen(|request| async move {
        let stream = Streaming::new(answers(&["one"])).with_trailers(|| metadata("late"));
        let mut response = Response::new(stream);
        *response.metadata_mut() = request.metadata().clone();
        *response.trailers_mut() = metadata("early");
        Ok(response)
    }));
    let response = client.listen(question("")).metadata("x-key", "first").await.unwrap();
    assert_eq!(response.metadata().get("x-key"), Some("first"));
    let mut stream = response.into_inner();
    assert_eq!(stream.message().await.unwrap(), Some(a("one")));
    assert!(stream.trailers().is_none());
    assert_eq!(stream.message().await.unwrap(), None);
    assert_eq!(stream.trailers().unwrap().get_all("x-key").collect::<Vec<_>>(), ["early", "late"]);
}

#[tokio::test]
async fn an_error_ends_the_stream_with_all_it_has() {
    let client = TalkClient::new(listen(|_| async {
        let failure = Status::aborted("no\nway").with_detail(&ErrorInfo::new("WHY", "e2e"));
        let failing = answers(&["one"])
            .chain(stream::iter([Err(failure.with_metadata(metadata("after"))), Ok(a("two"))]));
        Ok(Response::stream(Streaming::new(failing).with_trailers(|| metadata("never"))))
    }));
    let mut stream = client.listen(question("")).await.unwrap().into_inner();
    assert_eq!(stream.message().await.unwrap(), Some(a("one")));
    let status = stream.message().await.unwrap_err();
    assert_eq!(status.to_string(), "ABORTED: no\nway");
    assert_eq!(status.detail(), Some(ErrorInfo::new("WHY", "e2e")));
    assert_eq!(status.metadata(), &metadata("after"));
    assert_eq!(stream.message().await.unwrap(), None);
    assert!(stream.trailers().is_none());
}

#[tokio::test]
async fn a_handler_may_refuse_before_its_stream() {
    let client = TalkClient::new(listen(|_| async { Err(Status::not_found("nothing")) }));
    let status = client.listen(question("")).await.unwrap_err();
    assert_eq!((status.code(), status.message()), (Code::NotFound, "nothing"));
    let client = TalkClient::new(listen(|_| async { unreachable!("it is not called") }));
    let status = client.listen(question("")).metadata("grpc-timeout", "1S").await.unwrap_err();
    assert_eq!(status.code(), Code::Internal);
}

#[tokio::test]
async fn a_response_can_be_borrowed_across_an_await() {
    let client = TalkClient::new(listen(|request| async move {
        let key = request.metadata().get("x-key");
        tokio::task::yield_now().await;
        let text = key.unwrap_or("none").to_owned();
        Ok(Response::stream(stream::iter([Ok(Answer { text, ..Answer::default() })])))
    }));
    let task = tokio::spawn(async move {
        let response = client.listen(question("")).metadata("x-key", "kept").await.unwrap();
        let borrowed = response.metadata();
        tokio::task::yield_now().await;
        assert!(borrowed.is_empty());
        texts(response.into_inner()).await.unwrap()
    });
    assert_eq!(task.await.unwrap(), ["kept"]);
}
