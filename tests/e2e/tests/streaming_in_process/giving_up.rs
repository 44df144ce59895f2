//! Whatever is dropped at the caller ends the handler, at every moment.

use std::future::{Future, pending};

use e2e::{
    Answer, Answers, Count, Question, TalkClient, TalkServer, Talker, chat, listen, question, tell, within,
};
use futures_util::{FutureExt, StreamExt, stream};
use nats_rpc::{Code, Request, Response, Status, Streaming};

use super::{a, answers};

#[tokio::test]
async fn a_call_that_is_dropped_before_its_stream_is_there() {
    let (started, dropped) = (Count::new(), Count::new());
    let (starts, drops) = (started.clone(), dropped.clone());
    let client = TalkClient::new(listen(move |_| {
        let guard = drops.guard();
        starts.add();
        async move {
            let _guard = guard;
            pending().await
        }
    }));
    drop(client.listen(question("")));
    assert_eq!((started.get(), dropped.get()), (0, 0));
    assert!(client.listen(question("")).now_or_never().is_none());
    assert_eq!((started.get(), dropped.get()), (1, 1));
}

#[tokio::test]
async fn a_stream_that_is_dropped_before_its_end() {
    let dropped = Count::new();
    let drops = dropped.clone();
    let client = TalkClient::new(listen(move |_| {
        let guard = drops.guard();
        async move {
            Ok(Response::stream(answers(&["one", "two"]).map(move |item| {
                let _ = &guard;
                item
            })))
        }
    }));
    for read in 0..2 {
        let mut stream = client.listen(question("")).await.unwrap().into_inner();
        for _ in 0..read {
            assert!(stream.message().await.unwrap().is_some());
        }
        assert_eq!(dropped.get(), read);
        drop(stream);
        assert_eq!(dropped.get(), read + 1);
    }
}

#[tokio::test]
async fn a_call_that_is_dropped_while_it_sends() {
    let (read, dropped) = (Count::new(), Count::new());
    let (reads, drops) = (read.clone(), dropped.clone());
    let client = TalkClient::new(tell(move |request| {
        let (reads, guard) = (reads.clone(), drops.guard());
        async move {
            let _guard = guard;
            let mut requests = request.into_inner();
            while requests.message().await?.is_some() {
                reads.add();
            }
            pending().await
        }
    }));
    let requests = dropped.guard();
    let sending = stream::iter([question("one")]).chain(stream::pending()).map(move |question| {
        let _ = &requests;
        question
    });
    assert!(client.tell(sending).now_or_never().is_none());
    assert_eq!((read.get(), dropped.get()), (1, 2));
}

/// A `Talk` that waits at the place that the metadata `x-wait` names, with what counts its reads and its ends.
fn waiting() -> (TalkServer<Talker>, Count, Count) {
    let (read, dropped) = (Count::new(), Count::new());
    let (reads, drops) = (read.clone(), dropped.clone());
    let server = chat(move |request: Request<Streaming<Question>>| {
        let (reads, guard) = (reads.clone(), drops.guard());
        async move {
            if request.metadata().get("x-wait") == Some("head") {
                let _guard = guard;
                let mut requests = request.into_inner();
                while requests.message().await?.is_some() {
                    reads.add();
                }
                return pending::<Answers>().await;
            }
            Ok(Response::stream(request.into_inner().map(move |asked| {
                let _ = &guard;
                reads.add();
                Ok(a(&asked?.text))
            })))
        }
    });
    (server, read, dropped)
}

async fn reach<F: Future>(what: &str, future: F) -> F::Output {
    within(what, future).await
}

#[tokio::test]
async fn a_receiver_that_is_dropped_before_and_after_the_head() {
    for place in ["head", "stream"] {
        let (server, read, dropped) = waiting();
        let client = TalkClient::new(server);
        let (mut sender, mut receiver) = client.chat().metadata("x-wait", place).await.unwrap().into_split();
        sender.send(question("one")).await.unwrap();
        if place == "stream" {
            assert_eq!(receiver.message().await.unwrap(), Some(a("one")));
        }
        reach("the request is read", read.reach(1)).await;
        drop(receiver);
        let status = sender.send(question("two")).await.unwrap_err();
        assert_eq!(status.code(), Code::Cancelled, "{place}");
        reach("the handler is dropped", dropped.reach(1)).await;
        assert_eq!(read.get(), 1);
        drop(sender);
    }
}

#[tokio::test]
async fn a_receiver_that_is_dropped_wakes_a_sender_that_waits() {
    let (server, _, dropped) = waiting();
    let client = TalkClient::new(server);
    let (mut sender, receiver) = client.chat().await.unwrap().into_split();
    let sending = tokio::spawn(async move {
        loop {
            if let Err(status) = sender.send(question("x".repeat(1000))).await {
                return status;
            }
        }
    });
    // Nobody reads, so it waits.
    tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    drop(receiver);
    let status = reach("the sender ends", sending).await.unwrap();
    assert_eq!(status.to_string(), "CANCELLED: the receiver of the responses was dropped");
    reach("the handler is dropped", dropped.reach(1)).await;
}

#[tokio::test]
async fn a_sender_that_is_dropped_ends_the_requests_alone() {
    let (server, _, dropped) = waiting();
    let client = TalkClient::new(server);
    let (sender, mut receiver) = client.chat().await.unwrap().into_split();
    drop(sender);
    assert_eq!(receiver.message().await.unwrap(), None);
    assert!(receiver.trailers().is_some());
    assert_eq!(dropped.get(), 1);
}

#[tokio::test]
async fn both_halves_dropped_at_once() {
    for place in ["head", "stream"] {
        let (server, _, dropped) = waiting();
        let client = TalkClient::new(server);
        let mut duplex = Some(client.chat().metadata("x-wait", place).await.unwrap());
        tokio::task::yield_now().await;
        drop(duplex.take());
        reach("the handler is dropped", async {
            // One that had not started never does.
            while dropped.get() == 0 {
                tokio::task::yield_now().await;
            }
        })
        .await;
    }
    // Before it is made, nothing has happened.
    let (server, read, dropped) = waiting();
    drop(TalkClient::new(server).chat());
    assert_eq!((read.get(), dropped.get()), (0, 0));
}

#[tokio::test]
async fn a_handler_sees_that_the_requests_were_given_up() {
    let (sees, seen) = tokio::sync::oneshot::channel();
    let sees = std::sync::Mutex::new(Some(sees));
    let client = TalkClient::new(chat(move |request| {
        let sees = sees.lock().unwrap().take();
        // A task of its own is not dropped with the handler.
        tokio::spawn(async move {
            let outcome: Result<_, Status> = request.into_inner().message().await;
            drop(sees.map(|sees| sees.send(outcome)));
        });
        async { Ok(Response::stream(stream::pending::<Result<Answer, Status>>())) }
    }));
    let (_sender, receiver) = client.chat().await.unwrap().into_split();
    tokio::task::yield_now().await;
    drop(receiver);
    let outcome = reach("the task ends", seen).await.unwrap();
    assert_eq!(outcome.unwrap_err().code(), Code::Cancelled);
}
