//! A service called without any broker behaves as a remote one.

use std::future::pending;
use std::time::Duration;

use e2e::{Answer, Count, OtherClient, ProbeClient, answer, other, probe, question};
use nats_rpc::details::ErrorInfo;
use nats_rpc::{Code, Metadata, Status};

#[tokio::test]
async fn a_question_is_answered() {
    let client = ProbeClient::new(probe(|request| async move { Ok(answer(request.into_inner().text)) }));
    assert_eq!(client.ask(question("λ")).await.unwrap().into_inner().text, "λ");
}

#[tokio::test]
async fn metadata_goes_both_ways() {
    let client = ProbeClient::new(probe(|request| async move {
        let mut given = answer("");
        *given.metadata_mut() = request.metadata().clone();
        given.trailers_mut().insert("x-where", "after")?;
        Ok(given)
    }));
    let call = client
        .ask(question(""))
        .metadata("X-Key", "1")
        .metadata("x-key", "2")
        .metadata_bin("x-raw-bin", vec![0, 255]);
    let given = call.await.unwrap();
    assert_eq!(given.metadata().get_all("x-key").collect::<Vec<_>>(), ["1", "2"]);
    assert_eq!(given.metadata().get_bin("x-raw-bin"), Some(&[0, 255][..]));
    assert_eq!(given.trailers().get("x-where"), Some("after"));
    let status = client.ask(question("")).metadata("grpc-timeout", "1S").await.unwrap_err();
    assert_eq!(status.code(), Code::Internal);
}

#[tokio::test]
async fn errors_come_back_whole() {
    let client = ProbeClient::new(probe(|_| async {
        let mut trailers = Metadata::new();
        trailers.insert("x-where", "after")?;
        Err(Status::aborted("no\nway").with_detail(&ErrorInfo::new("WHY", "e2e")).with_metadata(trailers))
    }));
    let status = client.ask(question("")).await.unwrap_err();
    assert_eq!(status.to_string(), "ABORTED: no\nway");
    assert_eq!(status.detail(), Some(ErrorInfo::new("WHY", "e2e")));
    assert_eq!(status.metadata().get("x-where"), Some("after"));
}

#[tokio::test(start_paused = true)]
async fn deadlines_hold() {
    let ended = Count::new();
    let ends = ended.clone();
    let client = ProbeClient::new(probe(move |_| {
        let guard = ends.guard();
        async move {
            let _guard = guard;
            pending().await
        }
    }));
    let hour = Duration::from_secs(3600);
    let begin = tokio::time::Instant::now();
    let call = client.ask(question("")).timeout(Duration::from_secs(300));
    let status = tokio::time::timeout(hour, call).await.unwrap().unwrap_err();
    assert_eq!((status.code(), begin.elapsed().as_secs()), (Code::DeadlineExceeded, 300));
    assert_eq!(ended.get(), 1);
    // The method's own.
    let begin = tokio::time::Instant::now();
    let status = tokio::time::timeout(hour, client.ask_briefly(question(""))).await.unwrap().unwrap_err();
    assert_eq!((status.code(), begin.elapsed().as_secs()), (Code::DeadlineExceeded, 40));
}

#[tokio::test(start_paused = true)]
async fn deadlines_are_inherited() {
    let inner = OtherClient::new(other(|request| async move {
        let left =
            request.context().time_remaining().map_or(-1, |left| i64::try_from(left.as_millis()).unwrap());
        Ok(Answer { big_number: left, ..Answer::default() }.into())
    }));
    let client = ProbeClient::new(probe(move |request| {
        let call = inner.who(e2e::Empty {});
        async move { if request.get_ref().text == "detached" { call.detached().await } else { call.await } }
    }));
    let left = async |text: &str| {
        let given = client.ask(question(text)).timeout(Duration::from_secs(7)).await.unwrap();
        given.into_inner().big_number
    };
    assert_eq!(left("").await, 7000);
    assert_eq!(left("detached").await, -1);
}

#[tokio::test]
async fn a_panic_is_unknown() {
    let client = ProbeClient::new(probe(|request| async move {
        match &*request.get_ref().text {
            "at once" => panic!("a secret"),
            "later" => {
                tokio::task::yield_now().await;
                panic!("a secret")
            }
            _ => Ok(answer("here")),
        }
    }));
    for kind in ["at once", "later"] {
        let status = client.ask(question(kind)).await.unwrap_err();
        assert_eq!(status.code(), Code::Unknown, "{kind}");
        assert!(!format!("{status:?}").contains("secret"), "{kind}: {status:?}");
        assert_eq!(client.ask(question("")).await.unwrap().into_inner().text, "here");
    }
}
