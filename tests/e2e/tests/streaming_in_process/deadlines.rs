//! Deadlines cover whole streams.

use std::future::pending;
use std::time::Duration;

use e2e::{Answer, Count, TalkClient, answer, chat, listen, question, tell};
use futures_util::{StreamExt, stream};
use nats_rpc::{Code, Response, Status, Streaming};
use tokio::time::Instant;

use super::{a, answers};

const FIVE: Duration = Duration::from_secs(5);

#[tokio::test(start_paused = true)]
async fn a_stream_that_waits_ends_with_its_deadline() {
    let dropped = Count::new();
    let drops = dropped.clone();
    let client = TalkClient::new(listen(move |_| {
        let guard = drops.guard();
        async move {
            tokio::time::sleep(Duration::from_secs(2)).await;
            Ok(Response::stream(answers(&["one"]).chain(stream::once(async move {
                let _guard = guard;
                pending().await
            }))))
        }
    }));
    let begin = Instant::now();
    let mut stream = client.listen(question("")).timeout(FIVE).await.unwrap().into_inner();
    assert_eq!(stream.message().await.unwrap(), Some(a("one")));
    assert_eq!(stream.message().await.unwrap_err().code(), Code::DeadlineExceeded);
    assert_eq!((begin.elapsed(), dropped.get()), (FIVE, 1));
    assert_eq!(stream.message().await.unwrap(), None);
    // The method's own.
    let begin = Instant::now();
    let mut stream = client.listen_briefly(question("")).await.unwrap().into_inner();
    assert_eq!(stream.message().await.unwrap(), Some(a("one")));
    assert_eq!(stream.message().await.unwrap_err().code(), Code::DeadlineExceeded);
    assert_eq!(begin.elapsed().as_secs(), 40);
}

#[tokio::test]
async fn a_stream_that_is_always_ready_ends_with_its_deadline() {
    let client = TalkClient::new(listen(|_| async {
        Ok(Response::stream(stream::repeat_with(|| Ok(Answer::default()))))
    }));
    let begin = Instant::now();
    let timeout = Duration::from_millis(50);
    let mut stream = client.listen(question("")).timeout(timeout).await.unwrap().into_inner();
    let status = loop {
        match stream.message().await {
            Ok(message) => assert!(message.is_some()),
            Err(status) => break status,
        }
    };
    assert_eq!(status.code(), Code::DeadlineExceeded);
    assert!(begin.elapsed() >= timeout);
}

#[tokio::test(start_paused = true)]
async fn the_deadline_counts_before_the_stream_too() {
    let begin = Instant::now();
    let client = TalkClient::new(listen(|_| pending()));
    let status = client.listen(question("")).timeout(FIVE).await.unwrap_err();
    assert_eq!((status.code(), begin.elapsed()), (Code::DeadlineExceeded, FIVE));

    let begin = Instant::now();
    let client = TalkClient::new(tell(|request| async move {
        while request.get_ref().trailers().is_none() {
            pending::<()>().await;
        }
        Ok(answer(""))
    }));
    let status = client.tell(stream::pending()).timeout(FIVE).await.unwrap_err();
    assert_eq!((status.code(), begin.elapsed()), (Code::DeadlineExceeded, FIVE));

    let begin = Instant::now();
    let client = TalkClient::new(chat(|_| pending()));
    let (mut sender, mut receiver) = client.chat().timeout(FIVE).await.unwrap().into_split();
    let status = receiver.metadata().await.unwrap_err();
    assert_eq!((status.code(), begin.elapsed()), (Code::DeadlineExceeded, FIVE));
    assert_eq!(sender.send(question("")).await.unwrap_err().code(), Code::Unknown);
}

#[tokio::test(start_paused = true)]
async fn a_sender_waits_until_the_deadline_when_nobody_reads() {
    let client = TalkClient::new(chat(|request| async move {
        Ok(Response::stream(request.into_inner().map(|asked| Ok(a(&asked?.text)))))
    }));
    let begin = Instant::now();
    let (mut sender, mut receiver) = client.chat().timeout(FIVE).await.unwrap().into_split();
    let status = loop {
        if let Err(status) = sender.send(question("x".repeat(1000))).await {
            break status;
        }
    };
    assert_eq!((status.code(), begin.elapsed()), (Code::DeadlineExceeded, FIVE));
    assert_eq!(receiver.message().await.unwrap_err().code(), Code::DeadlineExceeded);
}

#[tokio::test]
async fn streams_have_no_deadline_by_default() {
    let client = TalkClient::new(listen(|request| async move {
        assert_eq!(request.context().deadline(), None);
        let none: Streaming<Answer> = Streaming::new(stream::empty());
        Ok::<_, Status>(none.into())
    }));
    assert_eq!(client.listen(question("")).await.unwrap().into_inner().message().await.unwrap(), None);
}
