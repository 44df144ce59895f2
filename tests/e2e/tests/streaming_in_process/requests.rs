//! Streams of requests: half-close, what a handler does not read, errors, cardinality.

use std::time::Duration;

use e2e::proto::TALK;
use e2e::{Count, LONG, Question, TalkClient, answer, chat, listen, question, tell};
use futures_util::{StreamExt, stream};
use nats_rpc::raw::{Body, Call};
use nats_rpc::{Code, Request, Response, Status, Streaming};
use tower::{Service, ServiceExt};

use super::{a, answers, questions, texts};

async fn joined(request: Request<Streaming<Question>>) -> Result<String, Status> {
    let mut requests = request.into_inner();
    let mut all = Vec::new();
    while let Some(question) = requests.message().await? {
        all.push(question.text);
    }
    Ok(all.join("+"))
}

#[tokio::test]
async fn a_stream_is_read_to_its_end() {
    let client = TalkClient::new(tell(|request| async move { Ok(answer(joined(request).await?)) }));
    for (all, expected) in [(&["a", "b", "c"][..], "a+b+c"), (&[], ""), (&["", ""], "+")] {
        assert_eq!(client.tell(questions(all)).await.unwrap().into_inner().text, expected);
    }
    let mut request = Request::new(questions(&["a"]));
    request.metadata_mut().insert("x-key", "1").unwrap();
    assert_eq!(client.tell(request).await.unwrap().into_inner().text, "a");
}

#[tokio::test]
async fn metadata_comes_with_a_stream_and_trailers_after_its_response() {
    let client = TalkClient::new(tell(|request| async move {
        let mut given = answer("");
        *given.metadata_mut() = request.metadata().clone();
        given.trailers_mut().insert("x-where", "after")?;
        Ok(given)
    }));
    let mut request = Request::new(questions(&[]));
    request.metadata_mut().insert("x-key", "1").unwrap();
    let given = client.tell(request).metadata("x-key", "2").await.unwrap();
    assert_eq!(given.metadata().get_all("x-key").collect::<Vec<_>>(), ["1", "2"]);
    assert_eq!(given.trailers().get("x-where"), Some("after"));
}

#[tokio::test]
async fn each_request_is_answered_before_the_next_is_sent() {
    let client = TalkClient::new(chat(|request| async move {
        let mut response = Response::stream(request.into_inner().map(|asked| Ok(a(&asked?.text))));
        response.metadata_mut().insert("x-key", "head")?;
        Ok(response)
    }));
    let (mut sender, mut receiver) = client.chat().await.unwrap().into_split();
    assert_eq!(receiver.metadata().await.unwrap().get("x-key"), Some("head"));
    for text in ["one", "", "two"] {
        sender.send(question(text)).await.unwrap();
        assert_eq!(receiver.message().await.unwrap(), Some(a(text)));
        assert!(receiver.trailers().is_none());
    }
    drop(sender);
    assert_eq!(receiver.message().await.unwrap(), None);
    assert!(receiver.trailers().unwrap().is_empty());
    assert_eq!(receiver.message().await.unwrap(), None);
    assert_eq!(receiver.metadata().await.unwrap().get("x-key"), Some("head"));
}

#[tokio::test]
async fn a_handler_may_wait_for_the_requests_before_it_answers() {
    let client = TalkClient::new(chat(|request| async move {
        let all = joined(request).await?;
        Ok(Response::stream(answers(&[&all])))
    }));
    let (mut sender, mut receiver) = client.chat().await.unwrap().into_split();
    // More than is under way at once: the head's task reads.
    let long = "x".repeat(10_000);
    for _ in 0..100 {
        sender.send(question(&*long)).await.unwrap();
    }
    sender.close();
    assert_eq!(receiver.message().await.unwrap().unwrap().text.len(), 100 * 10_001 - 1);
    assert_eq!(receiver.message().await.unwrap(), None);
    let given = client.chat().send_all(questions(&["a", "b"])).await.unwrap();
    assert_eq!(texts(given.into_inner()).await.unwrap(), ["a+b"]);
}

#[tokio::test]
async fn what_a_handler_does_not_read_holds_nobody_up() {
    let client = TalkClient::new(chat(|request| async move {
        // It reads the first one, and goes on answering.
        let first = request.into_inner().message().await?.unwrap_or_default().text;
        Ok(Response::stream(answers(&[&first]).chain(stream::once(async {
            tokio::time::sleep(Duration::from_millis(100)).await;
            Ok(a("last"))
        }))))
    }));
    let (mut sender, mut receiver) = client.chat().await.unwrap().into_split();
    sender.send(question("first")).await.unwrap();
    assert_eq!(receiver.message().await.unwrap(), Some(a("first")));
    let sending = tokio::spawn(async move {
        let long = "x".repeat(10_000);
        for _ in 0..100 {
            sender.send(question(&*long)).await.unwrap();
        }
        sender
    });
    assert_eq!(receiver.message().await.unwrap(), Some(a("last")));
    assert_eq!(receiver.message().await.unwrap(), None);
    let status = sending.await.unwrap().send(question("")).await.unwrap_err();
    assert_eq!(status.to_string(), "UNKNOWN: the call has ended: its receiver knows how");
}

#[tokio::test]
async fn a_sender_learns_that_the_call_has_failed() {
    let client = TalkClient::new(chat(|_| async { Err(Status::aborted("no")) }));
    let (mut sender, mut receiver) = client.chat().await.unwrap().into_split();
    let refused = async {
        loop {
            if let Err(status) = sender.send(question("")).await {
                break status;
            }
            tokio::task::yield_now().await;
        }
    };
    let status = tokio::time::timeout(LONG, refused).await.unwrap();
    assert!(status.message().contains("its receiver knows how"), "{status}");
    assert_eq!(receiver.metadata().await.unwrap_err().code(), Code::Aborted);
    assert_eq!(receiver.message().await.unwrap_err().code(), Code::Aborted);
    assert_eq!(receiver.message().await.unwrap(), None);
}

#[tokio::test]
async fn a_call_ends_while_its_requests_do_not() {
    let dropped = Count::new();
    let client = TalkClient::new(tell(|request| async move {
        Ok(answer(request.into_inner().message().await?.unwrap_or_default().text))
    }));
    let guard = dropped.guard();
    let endless = stream::repeat_with(move || {
        let _ = &guard;
        question("again")
    });
    assert_eq!(client.tell(endless).await.unwrap().into_inner().text, "again");
    assert_eq!(dropped.get(), 1);
}

#[tokio::test]
async fn what_does_not_decode_is_internal_for_the_handler() {
    let seen = Count::new();
    let sees = seen.clone();
    let server = tell(move |request| {
        let sees = sees.clone();
        async move {
            let mut requests = request.into_inner();
            assert_eq!(requests.message().await.unwrap().unwrap().text, "");
            let status = requests.message().await.unwrap_err();
            sees.add();
            Err(status)
        }
    });
    let messages = stream::iter([Ok("".into()), Ok(vec![0xff].into()), Ok("".into())]);
    let call = Call::new(TALK.method(2), Body::Stream(Box::pin(messages)));
    assert_eq!(server.oneshot(call).await.unwrap_err().code(), Code::Internal);
    assert_eq!(seen.get(), 1);
}

#[tokio::test]
async fn another_cardinality_is_unimplemented() {
    let mut servers =
        [listen(|_| async { panic!() }), tell(|_| async { panic!() }), chat(|_| async { panic!() })];
    for (server, index) in servers.iter_mut().zip([0, 2, 3]) {
        let body = match index {
            0 => Body::Stream(Box::pin(stream::empty())),
            _ => Body::Unary("".into()),
        };
        let status = server.call(Call::new(TALK.method(index), body)).await.unwrap_err();
        assert_eq!(status.code(), Code::Unimplemented, "{index}");
    }
}
