//! A panic is never a clean end.

use std::panic::{AssertUnwindSafe, catch_unwind};

use std::task::Poll;

use e2e::{Answer, Question, TalkClient, chat, listen, question, tell};
use futures_util::{StreamExt, stream};
use nats_rpc::{Code, Response, Status, Streaming};

use super::{a, answers, texts};

#[tokio::test]
async fn a_panicking_stream_is_unknown() {
    let client = TalkClient::new(listen(|request| async move {
        let kind = request.into_inner().text;
        if kind == "at once" {
            panic!("a secret");
        }
        let end = stream::poll_fn(move |_| match &*kind {
            "first" | "second" => panic!("a secret"),
            _ => Poll::Ready(None),
        });
        let stream = Streaming::new(answers(&["one"]).chain(end));
        Ok(Response::new(stream.with_trailers(|| panic!("a secret"))))
    }));
    let status = client.listen(question("at once")).await.unwrap_err();
    assert_eq!(status.code(), Code::Unknown);
    for kind in ["first", "second", "trailers"] {
        let mut stream = client.listen(question(kind)).await.unwrap().into_inner();
        assert_eq!(stream.message().await.unwrap(), Some(a("one")));
        let status = stream.message().await.unwrap_err();
        assert_eq!(status.code(), Code::Unknown, "{kind}");
        assert!(!format!("{status:?}").contains("secret"), "{kind}: {status:?}");
        assert_eq!(stream.message().await.unwrap(), None);
        assert!(stream.trailers().is_none());
    }
}

/// Panics when it is dropped.
struct Fragile;

impl Drop for Fragile {
    fn drop(&mut self) {
        assert!(std::thread::panicking(), "a secret");
    }
}

#[tokio::test]
async fn a_stream_that_panics_when_it_is_dropped_harms_nobody() {
    let client = TalkClient::new(listen(|_| async {
        let fragile = Fragile;
        let failing = stream::iter([Ok(a("one")), Err(Status::aborted("no"))]);
        Ok(Response::stream(failing.map(move |item| {
            let _ = &fragile;
            item
        })))
    }));
    let stream = client.listen(question("")).await.unwrap().into_inner();
    let status = texts(stream).await.unwrap_err();
    assert!(matches!(status.code(), Code::Unknown | Code::Aborted), "{status}");
}

#[tokio::test]
async fn requests_that_panic_give_the_call_up() {
    let reached = |request: nats_rpc::Request<Streaming<Question>>| async move {
        let mut requests = request.into_inner();
        while let Ok(Some(_)) = requests.message().await {}
        // Whatever the service makes of it.
        Ok(e2e::answer("all is well"))
    };
    let client = TalkClient::new(tell(reached));
    let panicking =
        || stream::iter([0, 1]).map(|number| if number == 1 { panic!("on purpose") } else { question("") });
    let status = client.tell(panicking()).await.unwrap_err();
    assert_eq!(status.code(), Code::Cancelled);

    let client = TalkClient::new(chat(|request| async move {
        Ok(Response::stream(request.into_inner().map(|_| Ok(Answer::default()))))
    }));
    let mut stream = client.chat().send_all(panicking()).await.unwrap().into_inner();
    assert!(stream.message().await.unwrap().is_some());
    assert_eq!(stream.message().await.unwrap_err().code(), Code::Cancelled);
    assert_eq!(stream.message().await.unwrap(), None);
}

#[tokio::test]
async fn a_sender_that_panics_gives_the_call_up() {
    let client = TalkClient::new(chat(|request| async move {
        let answers = request.into_inner().map(|asked| Ok(a(&asked?.text)));
        Ok(Response::stream(answers))
    }));
    let (mut sender, mut receiver) = client.chat().await.unwrap().into_split();
    sender.send(question("one")).await.unwrap();
    assert_eq!(receiver.message().await.unwrap(), Some(a("one")));
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        let _sender = sender;
        panic!("on purpose");
    }));
    assert!(panicked.is_err());
    assert_eq!(receiver.message().await.unwrap_err().code(), Code::Cancelled);
    assert_eq!(receiver.message().await.unwrap(), None);
}
